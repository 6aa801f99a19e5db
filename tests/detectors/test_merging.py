"""What several regions of a picture saw, joined: every object once, and whole."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervision import Detections

from detectors.detections import CLASS_NAME, from_arrays
from detectors.merging import merged
from detectors.regions import WHOLE, Layout, Region, lay_out, tiles

LABELS = np.array([f"label {number}" for number in range(12)])
WIDTH, HEIGHT = 1280, 720
Box = tuple[float, float, float, float]


def detections(boxes: list[Box], labels: list[int], scores: list[float]) -> Detections:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return from_arrays(xyxy, np.array(scores, np.float32), np.array(labels, np.int64), LABELS)


def seen(objects: list[Box], labels: list[int], region: Region) -> Detections:
    """What a perfect detector finds in a region, in its pixels."""
    visible = []
    for (x1, y1, x2, y2), label in zip(objects, labels, strict=True):
        box = (max(x1, region.x1), max(y1, region.y1), min(x2, region.x2), min(y2, region.y2))
        if box[0] < box[2] and box[1] < box[3]:
            score = 0.9 - 0.5 * (1 - area(box) / area((x1, y1, x2, y2)))
            visible.append((tuple(np.subtract(box, (region.x1, region.y1) * 2)), label, score))
    return detections(*map(list, zip(*visible, strict=True))) if visible else NOTHING


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def joined(objects: list[Box], layout: Layout, labels: list[int] | None = None) -> list[Box]:
    labels = labels or [0] * len(objects)
    found = merged([seen(objects, labels, region) for region in layout.regions], layout)
    return sorted(tuple(map(float, box)) for box in found.xyxy)


def as_set(found: Detections) -> set[tuple[object, ...]]:
    names = found.data[CLASS_NAME]
    return {
        (*map(float, box), float(score), str(name))
        for box, score, name in zip(found.xyxy, found.confidence, names, strict=True)
    }


NOTHING = detections([], [], [])
layouts = st.builds(
    lambda columns, rows, overlap, whole: lay_out(
        tiles(columns, rows, overlap) + (WHOLE if whole else ()), WIDTH, HEIGHT
    ),
    st.integers(1, 5),
    st.integers(1, 4),
    st.floats(0.05, 0.5),
    st.booleans(),
)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Of at least 2% of the picture's sides: no detector sees, let alone in pieces, what is smaller."""
    w, h = draw(st.integers(-(-WIDTH // 50), WIDTH)), draw(st.integers(-(-HEIGHT // 50), HEIGHT))
    x, y = draw(st.integers(0, WIDTH - w)), draw(st.integers(0, HEIGHT - h))
    return (float(x), float(y), float(x + w), float(y + h))


percent = st.integers(0, 100)
drawn_boxes = st.lists(
    st.tuples(st.integers(0, 19), st.integers(0, 1), percent, percent, percent, percent), max_size=12
)


def any_sighting(layout: Layout, drawn: list[tuple[int, ...]]) -> list[Detections]:
    """Any boxes in any regions: no detector has to make sense of them."""
    found: list[list[tuple[Box, int, float]]] = [[] for _ in layout.regions]
    for rank, (number, label, *box) in enumerate(drawn):
        region = layout.regions[number % len(layout.regions)]
        width, height = region.x2 - region.x1, region.y2 - region.y1
        x1, x2 = sorted((round(box[0] * width / 100), round(box[2] * width / 100)))
        y1, y2 = sorted((round(box[1] * height / 100), round(box[3] * height / 100)))
        if x1 < x2 and y1 < y2:
            found[number % len(layout.regions)].append(((x1, y1, x2, y2), label, 0.9 - 0.01 * rank))
    return [detections(*map(list, zip(*one, strict=True))) if one else NOTHING for one in found]


@settings(max_examples=200, deadline=None)
@given(layouts, st.lists(boxes(), min_size=1, max_size=6))
def test_an_object_comes_out_once_and_whole_wherever_the_edges_cut_it(
    layout: Layout, objects: list[Box]
) -> None:
    assert joined(objects, layout, list(range(len(objects)))) == sorted(objects)


@settings(max_examples=60, deadline=None)
@given(layouts, drawn_boxes, st.randoms(use_true_random=False))
def test_the_order_of_the_regions_does_not_matter(
    layout: Layout, drawn: list[tuple[int, ...]], shuffle: random.Random
) -> None:
    found = any_sighting(layout, drawn)
    order = list(range(len(found)))
    shuffle.shuffle(order)
    shuffled = Layout(layout.width, layout.height, tuple(layout.regions[number] for number in order))
    assert as_set(merged([found[number] for number in order], shuffled)) == as_set(merged(found, layout))


@settings(max_examples=60, deadline=None)
@given(layouts, drawn_boxes)
def test_a_mirrored_picture_gives_the_mirrored_objects(layout: Layout, drawn: list[tuple[int, ...]]) -> None:
    def mirrored(found: Detections, width: int) -> Detections:
        flipped = found.xyxy.copy()
        flipped[:, [0, 2]] = width - found.xyxy[:, [2, 0]]
        return from_arrays(flipped, found.confidence, found.class_id, LABELS)

    found = any_sighting(layout, drawn)
    regions = tuple(Region(WIDTH - one.x2, one.y1, WIDTH - one.x1, one.y2) for one in layout.regions)
    reflections = [mirrored(one, region.x2 - region.x1) for one, region in zip(found, regions, strict=True)]
    result = merged(reflections, Layout(WIDTH, HEIGHT, regions))
    assert as_set(result) == as_set(mirrored(merged(found, layout), WIDTH))


@settings(max_examples=60, deadline=None)
@given(layouts, drawn_boxes)
def test_boxes_stay_in_the_picture_and_come_best_first(layout: Layout, drawn: list[tuple[int, ...]]) -> None:
    found = any_sighting(layout, drawn)
    result = merged(found, layout)
    assert (result.xyxy >= 0).all()
    assert (result.xyxy <= [WIDTH, HEIGHT] * 2).all()
    assert (result.xyxy[:, :2] < result.xyxy[:, 2:]).all()
    assert list(result.confidence) == sorted(result.confidence, reverse=True)
    assert set(result.confidence) <= {score for one in found for score in one.confidence}


@settings(deadline=None)
@given(st.lists(boxes(), max_size=8))
def test_the_whole_picture_as_one_region_changes_nothing(objects: list[Box]) -> None:
    found = detections(objects, [0] * len(objects), [0.9] * len(objects))
    assert as_set(merged([found], lay_out(WHOLE, WIDTH, HEIGHT))) == as_set(found)


def test_regions_without_objects_have_none() -> None:
    nothing = merged([NOTHING] * 2, lay_out(tiles(2, 1, 0.2), WIDTH, HEIGHT))
    assert len(nothing) == 0
    assert len(nothing.data[CLASS_NAME]) == 0


HALVES = lay_out(((0, 0, 0.5, 1), (0.5, 0, 1, 1)), WIDTH, HEIGHT)
OVERLAPPING = lay_out(tiles(2, 1, 0.2), WIDTH, HEIGHT)
"""0..711 and 568..1280."""


@pytest.mark.parametrize("layout", [HALVES, OVERLAPPING])
def test_two_people_side_by_side_on_an_edge_stay_two(layout: Layout) -> None:
    above, below = (500.0, 100.0, 800.0, 300.0), (500.0, 305.0, 800.0, 600.0)
    assert joined([above, below], layout) == [above, below]


def test_an_object_that_touches_the_edges_of_both_tiles_is_not_lost() -> None:
    # The tiles have 607..674 in common; both take the person for cut.
    person = (618.0, 100.0, 662.0, 300.0)
    assert joined([person], lay_out(tiles(2, 1, 0.1), WIDTH, HEIGHT)) == [person]


def test_people_on_either_side_of_an_edge_stay_two() -> None:
    left, right = (500.0, 100.0, 638.0, 400.0), (642.0, 300.0, 760.0, 700.0)
    assert joined([left, right], HALVES) == [left, right]


def test_a_torso_that_a_tile_takes_for_a_person_gives_way_to_the_person() -> None:
    layout = lay_out(tiles(2, 1, 0.2) + WHOLE, WIDTH, HEIGHT)
    torso, person = (600.0, 200.0, 711.0, 400.0), (550.0, 100.0, 850.0, 700.0)
    found = merged([detections([torso], [0], [0.95]), NOTHING, detections([person], [0], [0.5])], layout)
    assert as_set(found) == {(*person, 0.5, "label 0")}


def test_a_piece_is_kept_where_nobody_else_looks() -> None:
    [found] = [detections([(100.0, 0.0, 320.0, 200.0)], [0], [0.9])]
    layout = lay_out([(0.25, 0.25, 0.5, 0.75)], WIDTH, HEIGHT)
    assert as_set(merged([found], layout)) == {
        (420.0, 180.0, 640.0, 380.0, float(np.float32(0.9)), "label 0")
    }


def test_classes_are_joined_apart() -> None:
    box = (600.0, 100.0, 680.0, 300.0)
    assert joined([box, box], OVERLAPPING, [0, 1]) == [box, box]


def test_of_two_views_of_one_object_the_more_certain_stays() -> None:
    left = detections([(600.0, 100.0, 680.0, 300.0)], [0], [0.7])
    right = detections([(35.0, 101.0, 115.0, 303.0)], [0], [0.75])
    assert as_set(merged([left, right], OVERLAPPING)) == {(603.0, 101.0, 683.0, 303.0, 0.75, "label 0")}
