"""Parts of a picture that the model looks at one by one: where they lie, in shares and in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Shares: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 as shares, 0..1, of a picture's width and height."""

WHOLE: Final[tuple[Shares, ...]] = ((0.0, 0.0, 1.0, 1.0),)
"""The picture as one region."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture in whole pixels, from ``x1``, ``y1`` up to, not including, ``x2``, ``y2``."""

    x1: int
    y1: int
    x2: int
    y2: int

    def of(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """This part of a picture HxWx3, as a view."""
        return image[self.y1 : self.y2, self.x1 : self.x2]


@dataclass(frozen=True, slots=True)
class Layout:
    """The regions of a picture of a certain size.

    Attributes:
        width, height: of the picture, pixels.
        regions: at least one; none reaches out of the picture.
    """

    width: int
    height: int
    regions: tuple[Region, ...]


def tiles(columns: int, rows: int, overlap: float) -> tuple[Shares, ...]:
    """Equal tiles that cover the picture, row by row.

    Args:
        columns, rows: at least 1.
        overlap: share of a tile's width and height that it has in common with its neighbour, 0..0.5.
    """
    across, down = _spans(columns, overlap), _spans(rows, overlap)
    return tuple((x1, y1, x2, y2) for y1, y2 in down for x1, x2 in across)


def _spans(count: int, overlap: float) -> list[tuple[float, float]]:
    length = 1 / (1 + (count - 1) * (1 - overlap))
    starts = [number * length * (1 - overlap) for number in range(count)]
    # The last one ends where the picture does, whatever was rounded.
    return [(start, start + length if start != starts[-1] else 1.0) for start in starts]


def lay_out(boxes: Iterable[Shares], width: int, height: int) -> Layout:
    """The regions of a picture of this size: every pixel that a box touches, at least one."""
    regions = []
    for x1, y1, x2, y2 in boxes:
        left, top = min(math.floor(x1 * width), width - 1), min(math.floor(y1 * height), height - 1)
        right, bottom = max(math.ceil(x2 * width), left + 1), max(math.ceil(y2 * height), top + 1)
        regions.append(Region(left, top, right, bottom))
    return Layout(width, height, tuple(regions))
