"""Polygons as people draw them, and how much of one lies within others: against a raster."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from streamer.config.polygon import WHOLE, Point, Polygon, area, covered, hidden, outside, strip
from streamer.rules.geometry import Polygons

POLYGON: TypeAdapter[tuple[Point, ...]] = TypeAdapter(Polygon)
SIDE = 200
CELLS = np.stack(np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2), axis=-1).reshape(-1, 2)
SQUARE = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))


def rastered(polygon: tuple[Point, ...], by: list[tuple[Point, ...]]) -> float:
    inside = Polygons([polygon, *by]).contain(CELLS)
    return float((inside[:, 0] & inside[:, 1:].any(axis=1)).sum() / len(CELLS))


GRID = st.integers(0, 8).map(lambda n: n / 8)


@st.composite
def polygons(draw: st.DrawFn) -> tuple[Point, ...]:
    points = draw(st.lists(st.tuples(GRID, GRID), min_size=3, max_size=7, unique=True))
    middle = np.mean(points, axis=0) + 0.01
    # Around a point within them they do not cross, hollow or not.
    points.sort(key=lambda each: float(np.arctan2(each[1] - middle[1], each[0] - middle[0])))
    try:
        return POLYGON.validate_python(points)
    except ValidationError:
        assume(False)
        raise


@given(polygons(), st.lists(polygons(), max_size=3))
def test_what_is_covered_agrees_with_a_raster(
    polygon: tuple[Point, ...], by: list[tuple[Point, ...]]
) -> None:
    share = covered(polygon, by)
    # A cell on an edge is all in or all out.
    assert share * area(polygon) == pytest.approx(rastered(polygon, by), abs=0.01)
    assert -1e-9 <= share <= 1 + 1e-9


@given(polygons())
def test_a_polygon_hides_itself_and_lies_in_the_picture(polygon: tuple[Point, ...]) -> None:
    assert hidden(polygon, [polygon])
    assert hidden(polygon, [WHOLE])
    assert outside(polygon, [])


@given(st.tuples(GRID, GRID), st.tuples(GRID, GRID), st.lists(polygons(), min_size=1, max_size=3))
def test_a_line_is_hidden_where_all_of_its_points_are(
    start: Point, end: Point, by: list[tuple[Point, ...]]
) -> None:
    assume(start != end)
    steps = (np.arange(400) + 0.5)[:, None] / 400
    points = np.array(start) + steps * (np.array(end) - np.array(start))
    # What runs along an edge is on both sides of it.
    sides = [Polygons(by).contain(points + shift).any(axis=1) for shift in normal(start, end)]
    share = covered(strip(start, end), by)
    assert share == pytest.approx(np.mean(sides), abs=0.02)
    assert hidden(strip(start, end), by) <= bool(np.mean(sides) > 0.99)


def normal(start: Point, end: Point) -> tuple[np.ndarray, np.ndarray]:
    across = np.array([start[1] - end[1], end[0] - start[0]]) * 1e-7
    return across, -across


def test_two_halves_hide_the_whole_and_a_gap_does_not() -> None:
    left, right = ((0, 0), (0.5, 0), (0.5, 1), (0, 1)), ((0.5, 0), (1, 0), (1, 1), (0.5, 1))
    narrow = ((0.501, 0), (1, 0), (1, 1), (0.501, 1))
    assert hidden(WHOLE, [left, right])
    assert not hidden(WHOLE, [left, narrow])
    assert covered(WHOLE, [left, narrow]) == pytest.approx(0.999)


@pytest.mark.parametrize(
    "points",
    [
        [*SQUARE, SQUARE[0]],
        [*SQUARE[:2], SQUARE[1], *SQUARE[2:]],
        [SQUARE[0], *SQUARE, SQUARE[0], SQUARE[0]],
        [[str(x), str(y)] for x, y in SQUARE],
    ],
)
def test_a_point_said_twice_in_a_row_counts_once(points: list[Point]) -> None:
    assert POLYGON.validate_python(points) == SQUARE


def test_a_closed_polygon_still_must_not_meet_itself() -> None:
    crossed = [(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]
    with pytest.raises(ValidationError, match="sides 1 and 3 meet"):
        POLYGON.validate_python(crossed)
