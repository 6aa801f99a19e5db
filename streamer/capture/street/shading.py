"""Light on drawn surfaces: sun, sky, hollows and the folds of cloth."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.light import Light
from streamer.capture.street.surface import Surface

Floats: TypeAlias = NDArray[np.floating]


def lit(shape: Surface, scale: float, light: Light, creases: Floats | None) -> NDArray[np.uint8]:
    """Pixels of a lit surface, uint8 [H, W, 4]: BGR multiplied by the cover, and the cover."""
    mask = (shape.cover > 0).astype(np.float32)
    x, y = shape.slope
    z = -np.sqrt(np.maximum(mask - x * x - y * y, 0))
    sigma = 0.014 * scale
    size = 2 * round(1.5 * sigma) + 1
    if size >= 3:
        x, y, z = (cv2.GaussianBlur(part, (size, size), sigma) for part in (x, y, z))
    if creases is not None:
        x, y = x + creases[0], y + creases[1]
    inverse = np.reciprocal(np.sqrt(x * x + y * y + z * z) + np.float32(1e-6))
    towards = (light.direction * 0.85).tolist()
    sun = (x * towards[0] + y * towards[1] + z * towards[2]) * inverse + np.float32(0.15)
    bright = np.maximum(sun, 0) * light.sun + (0.66 * light.sky) - y * inverse * (0.34 * light.sky)
    bright *= 1 - _recess(shape.depth, mask, scale) * np.float32(0.5)
    bright *= np.float32(255)
    tones = (
        np.minimum(np.take(colour, shape.paint) * bright + np.float32(3), 255) * shape.cover
        for colour in np.ascontiguousarray((shape.palette * light.tint).T)
    )
    pixels = cv2.merge([*tones, shape.cover * np.float32(255)])
    return np.asarray(cv2.GaussianBlur(np.rint(pixels).astype(np.uint8), (3, 3), 0.55), np.uint8)


def folds(grain: int, shape: tuple[int, ...], scale: float) -> Floats:
    """Slopes of creased cloth [2, H, W], drawn coarse and enlarged, so that all sizes show the same folds."""
    rng = np.random.default_rng(grain)
    coarse = rng.normal(0, 0.18, (2, 18, 9)).astype(np.float32)
    fine = rng.normal(0, 0.09, (2, 44, 20)).astype(np.float32)
    size = max(round(1.0 * scale), shape[1]), max(round(2.2 * scale), shape[0])
    planes = [fine[axis] + cv2.resize(coarse[axis], (20, 44)) for axis in (0, 1)]
    folded = np.stack([cv2.resize(plane, size)[: shape[0], : shape[1]] for plane in planes])
    folded[:, : round(0.3 * scale)] *= np.float32(0.15)
    return folded


def _recess(depth: Floats, mask: Floats, scale: float) -> Floats:
    """How far each pixel lies behind its surroundings, 0..1: less of the sky reaches it."""
    size = (2 * round(0.05 * scale) + 1,) * 2
    around = cv2.blur(depth * mask, size) / np.maximum(cv2.blur(mask, size), np.float32(1e-3))
    return np.clip((depth - around) * np.float32(1 / (0.11 * scale)), 0, 1)
