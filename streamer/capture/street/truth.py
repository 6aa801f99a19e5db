"""What is really in a picture of the street: boxes, identities, kinds and how much of each is seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.layer import Layer, window
from streamer.capture.street.walk import Walker

_SOLID = 128


@dataclass(frozen=True, slots=True, eq=False)
class StreetTruth:
    """The people in a picture, N of them, the nearest last.

    Attributes:
        boxes: float32 [N, 4], x1, y1, x2, y2 in pixels round the whole person, as if nobody stood before it,
            clipped to the picture.
        identities: int64 [N], never reused.
        kinds: int64 [N].
        visible: float32 [N], 0..1, the share of the whole person that is seen: neither hidden by others or things nor
            cut off by the picture's edge.
    """

    boxes: NDArray[np.float32]
    identities: NDArray[np.int64]
    kinds: NDArray[np.int64]
    visible: NDArray[np.float32]


def truth_of(layers: Sequence[Layer], width: int, height: int) -> StreetTruth:
    """The truth about layers that are laid over a picture in this order, from far to near."""
    hidden = np.zeros((height, width), np.bool_)
    found: list[tuple[Walker, tuple[float, ...], float]] = []
    for layer in reversed(layers):
        outer, inner = window(layer, hidden.shape)
        whole = layer.pixels[..., 3] >= _SOLID
        inside = whole[inner]
        if layer.walker is None:
            hidden[outer] |= inside
            continue
        if not inside.any():
            continue
        seen = inside & ~hidden[outer]
        hidden[outer] |= inside
        found.append((layer.walker, _box(inside, outer), float(seen.sum() / whole.sum())))
    found.reverse()
    return StreetTruth(
        np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
        np.array([walker.life.identity for walker, _, _ in found], np.int64),
        np.array([walker.life.kind for walker, _, _ in found], np.int64),
        np.array([visible for _, _, visible in found], np.float32),
    )


def _box(inside: NDArray[np.bool_], outer: tuple[slice, slice]) -> tuple[float, ...]:
    rows, columns = inside.any(axis=1).nonzero()[0], inside.any(axis=0).nonzero()[0]
    top, left = outer[0].start, outer[1].start
    return float(left + columns[0]), float(top + rows[0]), float(left + columns[-1] + 1), float(top + rows[-1] + 1)
