"""Points, lines and polygons that a person draws on a picture, in shares of its width and height."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from detectors.wording import shown
from streamer.config.section import Share, number

LEAST_SIDE: Final = 0.002
"""About a pixel of what a model sees of a whole picture (416 to 640 across): nothing smaller is found."""

ALL: Final = 1 - 1e-6
"""Share of an area that is all of it, rounding considered."""
HALF_WIDTH: Final = 1e-7
"""Of a line as a polygon."""
NARROW: Final = 1e-12
"""Rounding error of a place in the picture."""

Point: TypeAlias = tuple[float, float]
"""x and y from the top left corner, 0..1 of the picture's width and height."""
Span: TypeAlias = tuple[float, float]
Side: TypeAlias = tuple[Point, Point]

WHOLE: Final[tuple[Point, ...]] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def shares(value: object, count: int, words: str) -> tuple[float, ...]:
    """So many shares of the picture.

    Raises:
        ValueError: one line for all of them, ``words`` says what they are.
    """
    numbers = [number(each) for each in value] if isinstance(value, list | tuple) else []
    found = [each for each in numbers if each is not None]
    if len(found) != count or len(numbers) != count:
        raise ValueError(f"expected {words}, received {shown(value)}")
    if not all(0 <= each <= 1 for each in found):
        hint = ": pixels are divided by its width and height" if max(found) >= 2 else ""
        raise ValueError(f"expected {words} in shares of the picture, 0 to 1, received {shown(value)}{hint}")
    return tuple(found)


def point(value: object) -> tuple[float, ...]:
    return shares(value, 2, "a point [x, y]")


def points(value: object) -> list[tuple[float, ...]]:
    listed = value if isinstance(value, list | tuple) else None
    if listed is None:
        raise ValueError(f"expected a list of points [x, y], received {shown(value)}")
    return [shares(each, 2, "points [x, y]") for each in listed]


def simple(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    """A polygon of three or more corners that does not intersect itself and has an area.

    What is said twice in a row counts once, also where the last point is the first again.
    """
    polygon = tuple(corner for corner, after in _edges(polygon) if corner != after)
    if len(set(polygon)) < 3:
        raise ValueError(f"expected a polygon of at least 3 different points, received {len(set(polygon))}")
    edges = list(_edges(polygon))
    for n, first in enumerate(edges):
        for m in range(n + 1, len(edges)):
            if m - n in (1, len(edges) - 1):
                continue
            if _meet(first, edges[m]):
                raise ValueError(
                    f"expected a polygon that does not intersect itself, received one whose sides {n + 1} "
                    f"and {m + 1} meet"
                )
    size = area(polygon)
    if size < 1e-9:
        raise ValueError("expected a polygon with an area, received points on one line")
    if size < LEAST_SIDE**2:
        raise ValueError(
            f"expected a polygon larger than {LEAST_SIDE} x {LEAST_SIDE} of the picture, "
            f"received one of {size:.2g} in all: no object is so small"
        )
    return polygon


PicturePoint = Annotated[tuple[Share, Share], BeforeValidator(point)]
Polygon = Annotated[tuple[tuple[Share, Share], ...], BeforeValidator(points), AfterValidator(simple)]


def area(polygon: Sequence[Point]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(polygon))) / 2


def hidden(polygon: Sequence[Point], behind: Sequence[Sequence[Point]]) -> bool:
    """Whether all of a polygon lies within the others."""
    return sum(map(area, behind)) >= ALL * area(polygon) and covered(polygon, behind) >= ALL


def strip(start: Point, end: Point) -> tuple[Point, ...]:
    """A line as a polygon, so narrow that it is hidden where the line is."""
    length = math.dist(start, end)
    dx, dy = (HALF_WIDTH * (b - a) / length for a, b in zip(start, end, strict=True))
    (x1, y1), (x2, y2) = start, end
    return ((x1 - dy, y1 + dx), (x2 - dy, y2 + dx), (x2 + dy, y2 - dx), (x1 + dy, y1 - dx))


def outside(polygon: Sequence[Point], others: Sequence[Sequence[Point]]) -> bool:
    """Whether no part of a polygon lies within the others."""
    return covered(polygon, others) <= 1 - ALL


def covered(polygon: Sequence[Point], by: Sequence[Sequence[Point]]) -> float:
    """The share of a polygon's area that lies within any of the others, 0..1."""
    edges = [edge for each in (polygon, *by) for edge in _edges(each)]
    # Between two neighbours of these no edge begins, ends or meets another one.
    corners = {x for (x, _), _ in edges}
    crossings = {x for n, one in enumerate(edges) for other in edges[:n] for x in _crossing(one, other)}
    shared = 0.0
    for x1, x2 in pairwise(sorted(corners | crossings)):
        if x2 - x1 < NARROW:
            continue
        middle = (x1 + x2) / 2
        behind = _joined([span for each in by for span in _spans(each, middle)])
        for low, high in _spans(polygon, middle):
            shared += (x2 - x1) * sum(max(0.0, min(high, b) - max(low, a)) for a, b in behind)
    return shared / area(polygon)


def _edges(polygon: Sequence[Point]) -> Iterator[Side]:
    return zip(polygon, (*polygon[1:], *polygon[:1]), strict=True)


def _spans(polygon: Sequence[Point], x: float) -> list[Span]:
    """Where a polygon is at ``x``, which none of its corners has: from y to y."""
    ys = sorted(
        y1 + (y2 - y1) * (x - x1) / (x2 - x1)
        for (x1, y1), (x2, y2) in _edges(polygon)
        if min(x1, x2) < x < max(x1, x2)
    )
    return list(zip(ys[::2], ys[1::2], strict=True))


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _crossing(first: Side, second: Side) -> list[float]:
    """The x at which two segments cross; none where they run side by side."""
    (a, b), (c, d) = first, second
    from_c, from_d = _side(a, b, c), _side(a, b, d)
    if math.isclose(from_c, from_d, abs_tol=1e-15) or not _meet(first, second):
        return []
    return [c[0] + (d[0] - c[0]) * from_c / (from_c - from_d)]


def _meet(first: Side, second: Side) -> bool:
    """Whether two segments have a point in common."""
    a, b = first
    c, d = second
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    touching = zip(sides, ((a, b, c), (a, b, d), (c, d, a), (c, d, b)), strict=True)
    return any(side == 0 and _within(*three) for side, three in touching)


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _within(a: Point, b: Point, c: Point) -> bool:
    """Whether ``c``, on the line through a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
