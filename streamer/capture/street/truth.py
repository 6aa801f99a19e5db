"""What is really in a picture of the street: boxes, labels, identities and how much of each is seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.parking import Car
from streamer.capture.street.patch import Patch
from streamer.capture.street.walk import Walker

PERSON: Final = "person"
CAR: Final = "car"

_SOLID: Final = 128
"""A pixel whose cover is at least this belongs to a person or a car."""


@dataclass(frozen=True, slots=True, eq=False)
class StreetTruth:
    """The people and cars in a picture, N of them, the farthest first.

    Attributes:
        boxes: float32 [N, 4], x1, y1, x2, y2 in pixels round the whole of each, as if nothing stood before
            it, clipped to the picture.
        identities: int64 [N], never reused.
        kinds: int64 [N]; of cars: 0 a hatchback, 1 a saloon, 2 a tall one.
        visible: float32 [N], 0..1, the share of the whole that is seen: neither hidden by people, cars or
            things nor cut off by the picture's edge.
        labels: str [N], ``person`` or ``car``.
    """

    boxes: NDArray[np.float32]
    identities: NDArray[np.int64]
    kinds: NDArray[np.int64]
    visible: NDArray[np.float32]
    labels: NDArray[np.str_]

    def mirrored(self, width: int) -> "StreetTruth":
        """The truth of the picture whose left and right changed places."""
        x1, y1, x2, y2 = self.boxes.T
        return replace(self, boxes=np.stack([width - x2, y1, width - x1, y2], axis=1))

    def unseen(self) -> "StreetTruth":
        """The truth of a picture that shows none of it."""
        return replace(self, visible=np.zeros_like(self.visible))


class Shown(Protocol):
    """Something in the picture that the truth is about."""

    @property
    def identity(self) -> int: ...

    @property
    def kind(self) -> int: ...

    @property
    def label(self) -> str: ...

    @property
    def whole(self) -> Patch: ...

    @property
    def shown(self) -> Patch: ...


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

    @property
    def identity(self) -> int:
        return self.walker.life.identity

    @property
    def kind(self) -> int:
        return self.walker.life.kind

    @property
    def label(self) -> str:
        return PERSON


@dataclass(frozen=True, slots=True, eq=False)
class Vehicle:
    """A car in the picture; ``whole`` and ``shown`` as of ``Person``."""

    car: Car
    whole: Patch
    shown: Patch

    @property
    def identity(self) -> int:
        return self.car.identity

    @property
    def kind(self) -> int:
        return self.car.look.kind

    @property
    def label(self) -> str:
        return CAR


def truth_of(objects: Sequence[Shown], width: int, height: int) -> StreetTruth:
    """The truth about what is laid over a picture in this order, from far to near."""
    hidden = np.zeros((height, width), np.bool_)
    found: list[tuple[Shown, tuple[int, int, int, int], float]] = []
    for one in reversed(objects):
        inner = one.whole.within(0, 0, width, height)
        shown = one.shown.within(0, 0, width, height)
        if inner is None or shown is None or not (inside := inner.pixels[..., 3] >= _SOLID).any():
            continue
        rows, columns = (
            slice(at, at + size) for at, size in zip((inner.top, inner.left), inside.shape, strict=True)
        )
        seen = (shown.pixels[..., 3] >= _SOLID) & ~hidden[rows, columns]
        hidden[rows, columns] |= inside
        whole = int((one.whole.pixels[..., 3] >= _SOLID).sum())
        found.append((one, _box(inside, inner), int((seen & inside).sum()) / whole))
    found.reverse()
    return StreetTruth(
        np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
        np.array([one.identity for one, _, _ in found], np.int64),
        np.array([one.kind for one, _, _ in found], np.int64),
        np.array([visible for _, _, visible in found], np.float32),
        np.array([one.label for one, _, _ in found], np.str_),
    )


def _box(inside: NDArray[np.bool_], place: Patch) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(inside.any(axis=1)).tolist(), np.flatnonzero(inside.any(axis=0)).tolist()
    left, top = place.left, place.top
    return left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1
