"""What a learner is fed with: rows of features, or pictures that are never twice the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import cv2
import numpy as np

from trainer.backbones.prepared import prepared
from trainer.backbones.viewed import VIEWS, View
from trainer.cores import cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from trainer.options import Augment

TILT: Final = 8.0
"""Degrees, to either side."""
SCALE: Final = 0.1
SHIFT: Final = 0.05
"""Share of the side."""
BRIGHTNESS: Final = 0.08
CONTRAST: Final = 0.15


class Feed(Protocol):
    """Inputs of a learner by the numbers of pictures."""

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        """To train on; the same for the same seed."""

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        """To answer about."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureFeed:
    """Rows of features, float32 [n,d]."""

    features: NDArray[np.float32]

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        return self.features[list(rows)]

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        return self.features[list(rows)]


@dataclass(frozen=True, slots=True, eq=False)
class PictureFeed:
    """Pictures uint8 [n,h,w,3] BGR, fitted to the input."""

    pictures: NDArray[np.uint8]
    input: InputSpec
    augment: Augment
    views: tuple[View, ...] = VIEWS[1]

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        if self.augment == "none":
            return self.plain(rows)
        changed_by = _CHANGES[self.augment]
        with ThreadPoolExecutor(cores()) as pool:
            changed = pool.map(lambda row: changed_by(self.pictures[row], seed + int(row)), rows)
            return prepared(np.stack(list(changed)), self.input)

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        return prepared(self.pictures[list(rows)], self.input)

    def seen(self, rows: Iterable[int]) -> Iterator[NDArray[Any]]:
        """Each view of these pictures."""
        chosen = self.pictures[list(rows)]
        return (prepared(view.of(chosen), self.input) for view in self.views)


def upright(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The picture mirrored, tilted, scaled, shifted and tinted by chance."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    tilt = float(rng.uniform(-TILT, TILT))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, float(rng.uniform(1 - SCALE, 1 + SCALE)))
    turn[:, 2] = turn[:, 2] + rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    source = np.ascontiguousarray(picture[:, ::-1] if rng.random() < 0.5 else picture)
    moved = cv2.warpAffine(source, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return _tinted(np.asarray(moved, np.uint8), rng)


def any_way(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The picture mirrored, turned by quarters (where it is square) and tinted by chance."""
    rng = np.random.default_rng(seed)
    changed = picture[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
    if picture.shape[0] == picture.shape[1] and rng.random() < 0.5:
        changed = changed.transpose(1, 0, 2)
    return _tinted(changed, rng)


def _tinted(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    gain = float(rng.uniform(1 - CONTRAST, 1 + CONTRAST))
    lift = float(rng.uniform(-BRIGHTNESS, BRIGHTNESS) * 255 + 128 * (1 - gain))
    changed: NDArray[np.uint8] = np.clip(picture * gain + lift, 0, 255).astype(np.uint8)
    return changed


_CHANGES: Final[dict[str, Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]]] = {
    "upright": upright,
    "any-way": any_way,
}
