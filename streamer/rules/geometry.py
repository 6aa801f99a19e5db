"""Points against polygons and lines, all of them at once, in shares of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.config.polygon import Point
from streamer.config.scene import LineConfig

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Boxes: TypeAlias = NDArray[np.number[Any]]


def feet(boxes: Boxes, size: tuple[int, int]) -> Floats:
    """[N,2] the middle of the lower edge of boxes [N,4] in pixels, in shares of a picture of that size."""
    boxes = boxes.astype(np.float64)
    points = np.empty((len(boxes), 2))
    points[:, 0] = (boxes[:, 0] + boxes[:, 2]) / (2 * size[0])
    points[:, 1] = boxes[:, 3] / size[1]
    return points


class Polygons:
    """P polygons, padded to the same number of corners; their edges belong to them."""

    def __init__(self, polygons: Sequence[Sequence[Point]]) -> None:
        longest = max(map(len, polygons), default=3)
        # A corner said twice adds an edge without length, which changes nothing.
        padded = [(*corners, *[corners[-1]] * (longest - len(corners))) for corners in polygons]
        start = np.array(padded, np.float64).reshape(len(polygons), longest, 2)
        end = np.roll(start, -1, axis=1)
        self._start_x, self._start_y = start[..., 0], start[..., 1]
        self._end_y = end[..., 1]
        self._dx, self._dy = end[..., 0] - self._start_x, end[..., 1] - self._start_y
        self._low, self._high = np.minimum(start, end), np.maximum(start, end)

    def contain(self, points: Floats) -> Mask:
        """[N,P] which of the points [N,2] lie in which polygon: even-odd rule, border included."""
        x, y = points[:, 0, None, None], points[:, 1, None, None]
        side = self._dx * (y - self._start_y) - self._dy * (x - self._start_x)
        spans = (self._start_y > y) != (self._end_y > y)
        # Passed on the way to the left: the edge is left of the point.
        passed = spans & ((side < 0) == (self._dy > 0)) & (side != 0)
        odd = np.bitwise_xor.reduce(passed, axis=2)
        on_line = side == 0
        if not on_line.any():
            return np.asarray(odd)
        (low_x, low_y), (high_x, high_y) = np.moveaxis(self._low, 2, 0), np.moveaxis(self._high, 2, 0)
        on_edge = on_line & (low_x <= x) & (x <= high_x) & (low_y <= y) & (y <= high_y)
        return np.asarray(odd | on_edge.any(axis=2))


class Segments:
    """L lines from a start to an end."""

    def __init__(self, lines: Sequence[LineConfig]) -> None:
        self._start = np.array([line.start for line in lines], np.float64).reshape(-1, 2)
        self._end = np.array([line.end for line in lines], np.float64).reshape(-1, 2)
        self._along = self._end - self._start

    def distances(self, points: Floats, size: tuple[int, int]) -> Floats:
        """[N,L] pixels from the points [N,2] to the endless line, negative on the left of its arrow."""
        away = points[:, None] - self._start
        cross = self._along[:, 0] * away[..., 1] - self._along[:, 1] * away[..., 0]
        width, height = size
        length = np.hypot(self._along[:, 0] * width, self._along[:, 1] * height)
        return np.asarray(cross * (width * height) / length)

    def between(self, before: Floats, after: Floats) -> Mask:
        """[N,L] whether the endless line through two points, each [N,2], passes between the ends of the
        segment, or through one of them."""
        step = (after - before)[:, None]
        sides = [
            step[..., 0] * (end[:, 1] - before[:, None, 1]) - step[..., 1] * (end[:, 0] - before[:, None, 0])
            for end in (self._start, self._end)
        ]
        return np.asarray(np.sign(sides[0]) * np.sign(sides[1]) <= 0)
