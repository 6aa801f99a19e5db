"""Rain: a wet street that mirrors, haze, and streaks before the lens."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.layout import Layout
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.patch import Patch
from streamer.capture.street.view import View

Floats: TypeAlias = NDArray[np.floating]

MIRRORED: Final = 0.2
"""How much of what stands on the wet ground is seen again in it."""

_SHIFT_PX: Final = 160
_LAYERS: Final = 2
_PER_MEGAPIXEL: Final = 1100
_KEPT: Final = 0.86
_HAZE: Final = 22.0


@dataclass(frozen=True, slots=True, eq=False)
class Streaks:
    """Drops as the camera sees them while they fall.

    Attributes:
        seed: of the options.
        field: uint8 [H + _SHIFT_PX, W + _SHIFT_PX, 3], brightness to be added.
        haze: brightness of the air, 0..255.
    """

    seed: int
    field: NDArray[np.uint8]
    haze: float

    def over(self, image: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
        """Picture ``index`` through the rain: other drops in each."""
        rng = chance(self.seed, Matter.RAIN, index)
        wet = cv2.convertScaleAbs(image, alpha=_KEPT, beta=self.haze)
        for _ in range(_LAYERS):
            left, top = rng.integers(0, _SHIFT_PX, 2).tolist()
            wet = cv2.add(wet, self.field[top : top + image.shape[0], left : left + image.shape[1]])
        return np.asarray(wet, np.uint8)


def streaks_of(options: StreetOptions) -> Streaks:
    """The drops of a street; at night the lamps alone light them."""
    rng = chance(options.seed, Matter.RAIN)
    height, width = options.height + _SHIFT_PX, options.width + _SHIFT_PX
    field = np.zeros((height, width), np.uint8)
    slant = float(rng.uniform(-0.22, 0.22))
    for _ in range(int(_PER_MEGAPIXEL * height * width / 1e6)):
        x, y = rng.uniform(0, width), rng.uniform(-0.05 * height, height)
        tall = float(rng.uniform(0.012, 0.05)) * options.height
        end = round(x + slant * tall), round(y + tall)
        cv2.line(field, (round(x), round(y)), end, int(rng.integers(14, 60)), 1, cv2.LINE_AA)
    field = np.asarray(cv2.GaussianBlur(field, (3, 3), 0.6), np.uint8)
    dim = 0.35 if options.night else 1.0
    bright = cv2.convertScaleAbs(field, alpha=dim)
    return Streaks(options.seed, np.asarray(cv2.merge([bright] * 3), np.uint8), _HAZE * dim)


def wetted(empty: NDArray[np.uint8], view: View, layout: Layout) -> NDArray[np.uint8]:
    """The empty street with the house fronts mirrored in the ground."""
    rays = view.rays(1, range(view.height))
    reach = layout.front_m / np.maximum(rays[..., 2], 1e-3)
    below = rays[..., 1] * reach + view.elevation_m
    # What is seen in the ground at a wall's foot is the wall as far up as the sight would go down.
    points = np.stack([rays[..., 0] * reach, -below, np.full_like(reach, layout.front_m)], axis=-1)
    seen = view.project(points.reshape(-1, 3).astype(np.float64)).reshape(*reach.shape, 3).astype(np.float32)
    mirrored = cv2.remap(empty, seen[..., 0], seen[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mirrored = cv2.blur(mirrored, (3, max(view.height // 25, 3)))
    share = np.where(below < 0, 0.45 * np.clip(1.15 + rays[..., 1] * 1.6, 0.15, 1), 0)[..., None]
    dark = np.where(below < 0, 0.62, 0.85)[..., None]
    return np.asarray(np.clip(empty * dark * (1 - share) + mirrored * share, 0, 255), np.uint8)


def reflection(shown: Patch) -> Patch | None:
    """What the wet ground shows of a cut-out, upside down below its foot; None where nothing is seen."""
    rows = np.flatnonzero((shown.pixels[..., 3] > 0).any(axis=1))
    if not len(rows):
        return None
    upright = shown.pixels[rows[0] : rows[-1] + 1]
    faint = cv2.convertScaleAbs(cv2.blur(upright[::-1], (1, 9)), alpha=MIRRORED)
    return Patch(shown.left, shown.top + int(rows[-1]), np.asarray(faint, np.uint8))
