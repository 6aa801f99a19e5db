"""How large and how wide an object may be."""

from __future__ import annotations

from typing import Final

import numpy as np

from streamer.config.scene import FilterConfig
from streamer.rules.geometry import Boxes, Floats, Mask

LIMITS: Final = ("min_area", "max_area", "min_ratio", "max_ratio")
"""The columns of limits, by the name of the rule."""


def limits_of(rule: FilterConfig) -> Floats:
    """[4] the limits of a filter, in the order of ``LIMITS``; infinite where none is set."""
    open_ended = (-np.inf, np.inf, -np.inf, np.inf)
    values = (getattr(rule, name) for name in LIMITS)
    return np.array(
        [default if value is None else value for value, default in zip(values, open_ended, strict=True)]
    )


def shapes(boxes: Boxes, size: tuple[int, int]) -> Floats:
    """[N,2] area as a share of the picture, and width by height, of boxes [N,4] in pixels."""
    boxes = boxes.astype(np.float64)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    # A box without height is as flat as can be.
    return np.stack((width * height / (size[0] * size[1]), width / np.maximum(height, 1e-9)), axis=1)


def within(shape: Floats, limits: Floats) -> Mask:
    """[N, ...] which shapes [N,2] are within limits [N, ..., 4]."""
    area, ratio = (shape[:, column].reshape(-1, *[1] * (limits.ndim - 2)) for column in (0, 1))
    return np.asarray(
        (area >= limits[..., 0])
        & (area <= limits[..., 1])
        & (ratio >= limits[..., 2])
        & (ratio <= limits[..., 3])
    )
