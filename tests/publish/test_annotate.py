"""Drawing: inside the picture, stable colours, readable at every size."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results import BUS, PERSON, detections

from streamer.publish.annotate import INK, PALETTE, Annotator, colour_of

SIZE = (480, 640)


def picture(height: int = SIZE[0], width: int = SIZE[1]) -> np.ndarray:
    return np.full((height, width, 3), 100, np.uint8)


def drawn(image: np.ndarray) -> np.ndarray:
    """Where something was drawn."""
    return (image != 100).any(axis=2)


def test_nothing_found_changes_nothing():
    image = picture()
    Annotator().draw(image, detections([]))
    assert not drawn(image).any()


def test_the_source_picture_stays_as_it_was():
    image = picture()
    annotated = Annotator().annotated(image, detections([PERSON]))
    assert not drawn(image).any()
    assert drawn(annotated).any()


def test_a_box_is_drawn_where_it_is_and_stays_open_inside():
    image = picture()
    Annotator().draw(image, detections([("person", 0.9, (200, 150, 400, 400), 3)]))
    colour = np.array(colour_of("person", 3))
    for x, y in ((300, 150), (300, 400), (200, 300), (400, 300)):
        assert np.abs(image[y, x].astype(int) - colour).max() < 8
    assert not drawn(image)[190:390, 210:390].any()


def test_the_chip_reads_dark_on_the_colour_of_the_line():
    image = picture()
    Annotator().draw(image, detections([("person", 0.9, (200, 150, 400, 400), 3)]))
    chip = image[125:146, 202:260].reshape(-1, 3).astype(int)
    assert np.abs(chip - colour_of("person", 3)).max(axis=1).min() < 20
    assert np.abs(chip - INK).max(axis=1).min() < 40


corner = st.floats(-300, 900, width=32)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=60), corner, corner, corner, corner), min_size=1, max_size=5),
    st.sampled_from([(480, 640), (1, 1), (3, 900), (40, 40), (1080, 32)]),
)
def test_any_box_and_any_label_can_be_drawn(found, size):
    image = picture(*size)
    boxes = [
        (label, 0.5, (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), -1)
        for label, x1, y1, x2, y2 in found
    ]
    Annotator().draw(image, detections(boxes))
    assert image.shape == (*size, 3)


@pytest.mark.parametrize(
    "box",
    [(-50, -50, 700, 500), (0, 0, 60, 60), (600, 440, 640, 480), (600, 0, 700, 90), (-20, 470, 30, 500)],
)
def test_chips_are_never_cut_off_at_an_edge(box):
    """The same chip must have the same ink wherever the object is."""
    middle, edge = picture(), picture()
    annotator = Annotator()
    annotator.draw(middle, detections([("person", 0.9, (200, 150, 500, 400), 3)]))
    annotator.draw(edge, detections([("person", 0.9, box, 3)]))
    ink = [int((np.abs(image.astype(int) - INK).max(axis=2) < 60).sum()) for image in (middle, edge)]
    assert ink[0] > 100
    assert ink[1] == pytest.approx(ink[0], rel=0.25)


def test_chips_of_neighbours_do_not_cover_one_another():
    alone, both = picture(), picture()
    annotator = Annotator()
    annotator.draw(alone, detections([("person", 0.9, (200, 150, 330, 400), 1)]))
    annotator.draw(
        both, detections([("person", 0.9, (200, 150, 330, 400), 1), ("person", 0.9, (210, 155, 335, 390), 2)])
    )
    ink = [int((np.abs(image.astype(int) - INK).max(axis=2) < 60).sum()) for image in (alone, both)]
    assert ink[1] > 1.7 * ink[0]


def test_a_followed_object_keeps_its_colour_and_neighbours_differ():
    assert colour_of("person", 3) == colour_of("dog", 3)
    assert len({colour_of("person", track) for track in range(len(PALETTE))}) == len(PALETTE)
    assert colour_of("person", -1) == colour_of("person", -1) != colour_of("car", -1)


def test_detections_without_scores_or_ids_are_drawn():
    found = detections([PERSON, BUS])
    found.confidence = None
    found.tracker_id = None
    image = picture()
    Annotator().draw(image, found)
    assert drawn(image).any()


@pytest.mark.realdata
def test_a_real_picture_keeps_its_pixels_outside_lines_and_chips(test_data):
    image = cv2.imread(str(test_data / "photos" / "bus.jpg"))
    annotated = Annotator().annotated(image, detections([("person", 0.9, (50, 400, 245, 903), 1)]))
    share = (annotated != image).any(axis=2).mean()
    assert 0.002 < share < 0.03
