"""The truth that rules are measured by, against cases that can be counted by hand."""

import pytest
from street.scene_truth import Crossing, Foot, Stay, crossings, feet, inside, occupancy, side, stays

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
UPWARDS = ((0.5, 0.9), (0.5, 0.1))


def way(*places: tuple[float, float], identity: int = 1) -> list[list[Foot]]:
    return [[Foot(index, index / 10, identity, "person", x, y, 1.0)] for index, (x, y) in enumerate(places)]


def test_a_point_is_in_a_polygon_or_not() -> None:
    notched = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.3), (0.1, 0.9))
    assert inside(SQUARE, (0.5, 0.5))
    assert not inside(SQUARE, (0.9, 0.5))
    assert inside(notched, (0.2, 0.5))
    assert not inside(notched, (0.5, 0.8))


def test_the_right_of_an_arrow_upwards_is_the_pictures_right() -> None:
    assert side(UPWARDS, (0.7, 0.5)) == pytest.approx(0.2)
    assert side(UPWARDS, (0.4, 0.5)) == pytest.approx(-0.1)


def test_from_the_left_to_the_right_is_in() -> None:
    assert crossings(way((0.3, 0.5), (0.45, 0.5), (0.65, 0.5)), UPWARDS) == [
        Crossing(pytest.approx(0.125), 1, "person", "in")
    ]
    assert [found.direction for found in crossings(way((0.6, 0.5), (0.4, 0.5)), UPWARDS)] == ["out"]


def test_past_the_end_of_a_line_is_no_crossing() -> None:
    assert crossings(way((0.3, 0.95), (0.6, 0.95)), UPWARDS) == []


def test_whoever_trembles_on_the_line_crosses_once() -> None:
    trembling = way((0.4, 0.5), (0.505, 0.5), (0.495, 0.5), (0.505, 0.5), (0.7, 0.5))
    assert len(crossings(trembling, UPWARDS)) == 3
    [once] = crossings(trembling, UPWARDS, margin=0.01)
    assert once.direction == "in"
    assert once.time_s == pytest.approx(0.25)


def test_a_stay_lasts_from_the_first_picture_inside_to_the_first_outside() -> None:
    path = way((0.1, 0.5), (0.3, 0.5), (0.5, 0.5), (0.9, 0.5), (0.5, 0.5))
    assert stays(path, SQUARE) == [
        Stay(1, "person", 0.1, 0.3, 0.2),
        Stay(1, "person", 0.4, None, 0.4),
    ]
    [joined] = stays(path, SQUARE, inertia_s=0.2)
    assert (joined.entered_s, joined.left_s, joined.last_s) == (0.1, None, 0.4)


def test_occupancy_is_by_label() -> None:
    picture = [Foot(0, 0.0, 1, "person", 0.5, 0.5, 1.0), Foot(0, 0.0, 2, "car", 0.5, 0.6, 1.0)]
    assert occupancy(picture, SQUARE) == 2
    assert occupancy(picture, SQUARE, "car") == 1


def test_a_mirrored_street_gives_mirrored_crossings() -> None:
    options = {"seed": 2, "width": 320, "height": 180, "people": 6, "fps": 10.0}
    scenes = [feet(Street(StreetOptions(**options, mirror=mirror)), 5, 15) for mirror in (False, True)]
    line = (0.45, 0.95), (0.45, 0.1)
    flipped = (0.55, 0.95), (0.55, 0.1)
    found = crossings(scenes[0], line)
    mirrored = crossings(scenes[1], flipped)
    assert len(found) > 3
    assert {crossing.direction for crossing in found} == {"in", "out"}
    other = {"in": "out", "out": "in"}
    assert [(one.identity, other[one.direction]) for one in found] == [
        (one.identity, one.direction) for one in mirrored
    ]
