"""What each limit of a filter says of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from streamer.event import Ruling
from streamer.rules.shape import LIMITS, shapes

if TYPE_CHECKING:
    from streamer.config.scene import FilterConfig
    from streamer.event import Box


@dataclass(frozen=True, slots=True)
class Measured:
    """What a filter asks of an object.

    Attributes:
        area: share of the picture, 0..1.
        ratio: width by height.
        confidence: of the latest sighting, 0..1.
        median: of the confidences over the track; None where that is judged elsewhere.
    """

    area: float
    ratio: float
    confidence: float
    median: float | None = None


def measured(box: Box, size: tuple[int, int], confidence: float, median: float | None = None) -> Measured:
    """The same of a box x1, y1, x2, y2 in pixels of a picture of that size."""
    area, ratio = shapes(np.array([box]), size)[0].tolist()
    return Measured(area, ratio, confidence, median)


def rulings(rule: FilterConfig, found: Measured, within: str = "") -> list[Ruling]:
    """What every limit that is set says, each with its value.

    Args:
        rule: the filter.
        found: the object.
        within: stands before the names of the limits.
    """
    values = dict(zip(LIMITS, (found.area, found.area, found.ratio, found.ratio), strict=True))
    values["min_confidence"] = found.confidence
    if found.median is not None:
        values["threshold"] = found.median
    limits = {name: getattr(rule, name) for name in values}
    return [
        Ruling(f"{within}{name}", _keeps(name, value, limits[name]), value, limits[name])
        for name, value in values.items()
        if limits[name] is not None
    ]


def _keeps(name: str, value: float, limit: float) -> bool:
    return value <= limit if name.startswith("max_") else value >= limit
