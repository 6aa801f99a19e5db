"""Light on drawn surfaces: sun, sky, hollows and the folds of cloth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.light import Light
from streamer.capture.street.solids import Surface

Floats = NDArray[np.float32]


def lit(shape: Surface, scale: float, light: Light, creases: Floats | None) -> NDArray[np.uint8]:
    """Pixels of a lit surface, uint8 [H, W, 4]: BGR multiplied by the cover, and the cover."""
    mask = (shape.cover > 0).astype(np.float32)
    normal = _softened(shape.normal, 0.014 * scale)
    if creases is not None:
        normal[..., :2] += creases
    normal /= np.sqrt((normal * normal).sum(axis=2, keepdims=True)) + 1e-6
    sun = np.clip(normal @ light.direction * 0.85 + 0.15, 0, None)
    bright = light.sky * (0.66 - 0.34 * normal[..., 1]) + light.sun * sun
    bright *= 1 - 0.5 * _recess(shape.depth, mask, scale)
    tone = shape.colour * (bright[..., None] * light.tint)
    tone = np.clip(tone + 0.012, 0, 1) * shape.cover[..., None]
    pixels = np.dstack([tone, shape.cover]) * 255
    return cv2.GaussianBlur(pixels, (3, 3), 0.55).round().astype(np.uint8)  # type: ignore[no-any-return]


def _softened(normal: Floats, sigma: float) -> Floats:
    size = 2 * round(1.5 * sigma) + 1
    return normal.copy() if size < 3 else cv2.GaussianBlur(normal, (size, size), sigma)


def _recess(depth: Floats, mask: Floats, scale: float) -> Floats:
    """How far each pixel lies behind its surroundings, 0..1: less of the sky reaches it."""
    size = (2 * round(0.05 * scale) + 1,) * 2
    around = cv2.blur(np.where(mask > 0, depth, 0), size) / np.maximum(cv2.blur(mask, size), 1e-3)
    return np.clip((depth - around) / (0.11 * scale), 0, 1)  # type: ignore[no-any-return]


def folds(grain: int, shape: tuple[int, ...], scale: float) -> Floats:
    """Slopes of creased cloth, drawn coarse and enlarged, so that all sizes show the same folds."""
    rng = np.random.default_rng(grain)
    rough = rng.normal(0, 1, (44, 20, 2)).astype(np.float32)
    rough = rough * 0.09 + cv2.resize(rng.normal(0, 0.18, (18, 9, 2)).astype(np.float32), (20, 44))
    full = cv2.resize(rough, (round(1.0 * scale), round(2.2 * scale)), interpolation=cv2.INTER_CUBIC)
    rows = -(-shape[0] // full.shape[0])
    columns = -(-shape[1] // full.shape[1])
    folds = np.tile(full, (rows, columns, 1))[: shape[0], : shape[1]].copy()
    folds[: round(0.3 * scale)] *= 0.15
    return folds
