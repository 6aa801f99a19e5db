"""What a learner is fed with: rows of features, or pictures that are never twice the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import cv2
import numpy as np

from trainer.backbones.prepared import prepared
from trainer.cores import cores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from detectors.manifest import InputSpec

TURN: Final = 15.0
"""Degrees, to either side."""
SCALE: Final = 0.2
SHIFT: Final = 0.1
"""Share of the side."""
BRIGHTNESS: Final = 0.15
CONTRAST: Final = 0.2


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
    augment: bool

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        if not self.augment:
            return self.plain(rows)
        with ThreadPoolExecutor(cores()) as pool:
            changed = pool.map(lambda row: augmented(self.pictures[row], seed + int(row)), rows)
            return prepared(np.stack(list(changed)), self.input)

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        return prepared(self.pictures[list(rows)], self.input)


def augmented(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The picture mirrored, turned, scaled, shifted and tinted by chance."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), float(rng.uniform(-TURN, TURN)), float(rng.uniform(1 - SCALE, 1 + SCALE))
    )
    turn[:, 2] = turn[:, 2] + rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    source = picture[:, ::-1] if rng.random() < 0.5 else picture
    moved = cv2.warpAffine(
        np.ascontiguousarray(source), turn, (width, height), borderMode=cv2.BORDER_REFLECT_101
    )
    gain = float(rng.uniform(1 - CONTRAST, 1 + CONTRAST))
    lift = float(rng.uniform(-BRIGHTNESS, BRIGHTNESS) * 255 + 128 * (1 - gain))
    return np.asarray(cv2.convertScaleAbs(np.maximum(moved * gain + lift, 0)), np.uint8)
