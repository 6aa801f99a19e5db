"""Where a camera's model looks, and how small or large what it finds there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from streamer.config.polygon import LEAST_SIDE, WHOLE, Point
from streamer.config.scene import TilesConfig

if TYPE_CHECKING:
    from streamer.config.scene import Regions

Part: TypeAlias = tuple[Point, ...]

NARROWEST: Final = 0.25
"""Width by height of a picture, at least; a corridor camera has 9:16."""


def looked_at(regions: Regions) -> tuple[Part, ...]:
    """The polygons that the model looks at; those of tiles together are the whole picture."""
    if isinstance(regions, tuple):
        return tuple(corners(*box) for box in regions)
    return (WHOLE,)


def corners(x1: float, y1: float, x2: float, y2: float) -> Part:
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def _sides(regions: Regions) -> list[tuple[float, float]]:
    """Width and height of each part, in shares of the picture; tiles are no smaller than these."""
    if isinstance(regions, TilesConfig):
        columns, rows = regions.tiles
        return [(1 / columns, 1 / rows)]
    if isinstance(regions, tuple):
        return [(x2 - x1, y2 - y1) for x1, y1, x2, y2 in regions]
    return [(1.0, 1.0)]


def least_area(regions: Regions) -> float:
    """Share of the picture below which nothing is found: about a pixel of what the model sees."""
    return LEAST_SIDE**2 * min(width * height for width, height in _sides(regions))


def most_area(regions: Regions) -> float:
    """Share of the picture above which nothing is found: what is cut is put together at most to this."""
    points = [point for part in looked_at(regions) for point in part]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def least_ratio(regions: Regions) -> float:
    """Width by height, in pixels, below which nothing is found: a pixel wide, and as high as a part."""
    return NARROWEST * LEAST_SIDE * min(width / height for width, height in _sides(regions))
