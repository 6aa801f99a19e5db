"""Points, polygons and lines against plain loops over exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from streamer.config.scene import LineConfig, ZoneConfig
from streamer.rules.geometry import Polygons, Segments, feet

GRID = 16
"""Sixteenths are exact in floating point, so that what lies on a border is known."""

coordinates = st.integers(0, GRID).map(lambda n: n / GRID)
points = st.tuples(coordinates, coordinates)

Point = tuple[float, float]


@st.composite
def polygons(draw: st.DrawFn) -> list[Point]:
    corners = draw(st.lists(points, min_size=3, max_size=7, unique=True))
    try:
        return list(ZoneConfig(polygon=corners).polygon)
    except ValidationError:
        assume(False)
        raise


def turn(a: Point, b: Point, c: Point) -> int:
    """1 where c is right of the arrow from a to b in a picture, -1 left of it, 0 on its line."""
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(Fraction, each)) for each in (a, b, c))
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


def on_edge(a: Point, b: Point, c: Point) -> bool:
    return (
        turn(a, b, c) == 0
        and min(a[0], b[0]) <= c[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
    )


def inside(polygon: list[Point], point: Point) -> bool:
    """By the winding number, border included."""
    winding = 0
    for a, b in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if on_edge(a, b, point):
            return True
        if a[1] <= point[1] < b[1] and turn(a, b, point) < 0:
            winding += 1
        elif b[1] <= point[1] < a[1] and turn(a, b, point) > 0:
            winding -= 1
    return winding != 0


@settings(max_examples=150, deadline=None)
@given(st.lists(polygons(), min_size=1, max_size=3), st.lists(points, min_size=1, max_size=8))
def test_points_in_polygons_agree_with_a_loop(areas: list[list[Point]], where: list[Point]) -> None:
    found = Polygons(areas).contain(np.array(where))
    assert found.tolist() == [[inside(area, point) for area in areas] for point in where]


@given(polygons(), st.lists(points, min_size=1, max_size=8))
def test_a_mirrored_polygon_holds_the_mirrored_points(area: list[Point], where: list[Point]) -> None:
    mirrored = [(1 - x, y) for x, y in area]
    there = Polygons([area]).contain(np.array(where))
    assert (Polygons([mirrored]).contain(np.array([(1 - x, y) for x, y in where])) == there).all()


@given(points, points, st.lists(st.tuples(points, points), min_size=1, max_size=8))
def test_steps_across_a_segment_agree_with_exact_geometry(
    start: Point, end: Point, steps: list[tuple[Point, Point]]
) -> None:
    assume(start != end)
    steps = [(p, q) for p, q in steps if turn(start, end, p) * turn(start, end, q) == -1]
    assume(steps)
    line = Segments([LineConfig.model_validate({"from": start, "to": end})])
    before, after = np.array([p for p, _ in steps]), np.array([q for _, q in steps])
    expected = [turn(p, q, start) * turn(p, q, end) <= 0 for p, q in steps]
    assert line.between(before, after)[:, 0].tolist() == expected


@given(points, points, points)
def test_the_right_of_the_arrow_is_positive_and_distances_are_pixels(a: Point, b: Point, c: Point) -> None:
    assume(a != b)
    size = (1280, 720)
    line = Segments([LineConfig.model_validate({"from": a, "to": b})])
    found = line.distances(np.array([c]), size)[0, 0]
    start, end, point = (np.array(each) * size for each in (a, b, c))
    along = (end - start) / np.linalg.norm(end - start)
    away = point - start
    assert found == pytest.approx(along[0] * away[1] - along[1] * away[0], abs=1e-9)
    assert np.sign(found) == turn(a, b, c)


def test_feet_are_the_middle_of_the_lower_edge() -> None:
    assert feet(np.array([[100, 50, 300, 720]], np.float32), (1000, 720)).tolist() == [[0.2, 1.0]]


def test_the_lower_edge_of_the_picture_belongs_to_a_zone_that_reaches_it() -> None:
    area = Polygons([[(0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)]])
    assert area.contain(feet(np.array([[0, 300, 90, 720]], np.float32), (1280, 720))).all()
