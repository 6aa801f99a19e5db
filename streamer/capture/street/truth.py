"""What is really in a picture of the street: boxes, identities, kinds and how much of each is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.patch import Patch
from streamer.capture.street.walk import Walker

_SOLID: Final = 128
"""A pixel whose cover is at least this belongs to a person."""


@dataclass(frozen=True, slots=True, eq=False)
class StreetTruth:
    """The people in a picture, N of them, the farthest first.

    Attributes:
        boxes: float32 [N, 4], x1, y1, x2, y2 in pixels round the whole person, as if nothing stood before it,
            clipped to the picture.
        identities: int64 [N], never reused.
        kinds: int64 [N].
        visible: float32 [N], 0..1, the share of the whole person that is seen: neither hidden by people or
            things nor cut off by the picture's edge.
    """

    boxes: NDArray[np.float32]
    identities: NDArray[np.int64]
    kinds: NDArray[np.int64]
    visible: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Someone in the picture.

    Attributes:
        walker: who it is and where.
        phase: of the gait, 0..1.
        away_m: distance along the viewing direction.
        whole: as if nothing stood before the person.
        shown: less what things on the street hide.
    """

    walker: Walker
    phase: float
    away_m: float
    whole: Patch
    shown: Patch


def truth_of(people: Sequence[Person], width: int, height: int) -> StreetTruth:
    """The truth about people who are laid over a picture in this order, from far to near."""
    hidden = np.zeros((height, width), np.bool_)
    found: list[tuple[Walker, tuple[int, int, int, int], float]] = []
    for person in reversed(people):
        inner = person.whole.within(0, 0, width, height)
        shown = person.shown.within(0, 0, width, height)
        if inner is None or shown is None or not (inside := inner.pixels[..., 3] >= _SOLID).any():
            continue
        rows, columns = (
            slice(at, at + size) for at, size in zip((inner.top, inner.left), inside.shape, strict=True)
        )
        seen = (shown.pixels[..., 3] >= _SOLID) & ~hidden[rows, columns]
        hidden[rows, columns] |= inside
        whole = int((person.whole.pixels[..., 3] >= _SOLID).sum())
        found.append((person.walker, _box(inside, inner), int((seen & inside).sum()) / whole))
    found.reverse()
    return StreetTruth(
        np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
        np.array([walker.life.identity for walker, _, _ in found], np.int64),
        np.array([walker.life.kind for walker, _, _ in found], np.int64),
        np.array([visible for _, _, visible in found], np.float32),
    )


def _box(inside: NDArray[np.bool_], place: Patch) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(inside.any(axis=1)).tolist(), np.flatnonzero(inside.any(axis=0)).tolist()
    left, top = place.left, place.top
    return left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1
