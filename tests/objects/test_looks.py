"""People who cross are told apart by their colours where their boxes say too little."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import HEIGHT, WIDTH, Seen, detections, standing

from detectors.pixels import BgrPixels
from streamer.config.tree import TrackerConfig
from streamer.tracking.looks import SIZE, blended, difference, looks, nothing
from streamer.tracking.tracker import Tracker

RED, BLUE, GREY = (40, 40, 200), (200, 60, 40), (128, 128, 128)


def picture(*people: tuple[Seen, tuple[int, int, int]]) -> BgrPixels:
    """A grey picture with these, the last one in front."""
    image = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    for seen, colour in people:
        x1, y1, x2, y2 = (round(max(edge, 0)) for edge in seen.box)
        image[y1:y2, x1:x2] = colour
    return BgrPixels(image)


def ids_after_a_turn(*, coloured: bool) -> tuple[list[int], list[int]]:
    """The ids of two who meet, and turn back while neither is seen, at two detections a second."""
    tracker = Tracker(TrackerConfig())
    before = after = [0]
    for step in range(14):
        near = abs(step - 7) * 45.0
        left, right = Seen(standing(640 - 10 - near)), Seen(standing(640 + 10 + near))
        shown = picture((left, RED), (right, BLUE)) if coloured else None
        if step not in (6, 7, 8):
            ids = tracker.update(step / 2, detections([left, right]), shown).detections.tracker_id.tolist()
        else:
            ids = tracker.update(step / 2, detections([]), shown).detections.tracker_id.tolist() or before
        before, after = (ids if step == 5 else before), ids
    return before, after


def test_two_who_turn_back_behind_a_tree_are_taken_for_each_other_without_colours() -> None:
    before, after = ids_after_a_turn(coloured=False)
    assert sorted(before) == [1, 2]
    assert after != before


def test_two_who_turn_back_behind_a_tree_keep_their_ids_by_their_colours() -> None:
    before, after = ids_after_a_turn(coloured=True)
    assert sorted(before) == [1, 2]
    assert after == before


def test_the_same_colours_are_the_same_and_others_are_not() -> None:
    first, second = Seen(standing(300)), Seen(standing(800, 400, 60, 160))
    shown = picture((first, RED), (second, BLUE))
    boxes = np.array([first.box, second.box, standing(800, 390, 64, 150)])
    apart = difference(looks(shown, boxes), looks(shown, boxes))
    assert np.diag(apart) == pytest.approx(np.zeros(3), abs=1e-9)
    assert apart[1, 2] < 0.05
    assert apart[0, 1] > 0.3


def test_what_was_not_looked_at_is_no_other() -> None:
    seen = looks(picture(), np.array([standing(300)]))
    assert np.isnan(difference(nothing(2), seen)).all()
    assert blended(nothing(1), seen) == pytest.approx(seen)


@given(
    st.lists(
        st.tuples(*[st.floats(-300, 2000)] * 2, *[st.floats(0, 900)] * 2),
        min_size=1,
        max_size=6,
    )
)
def test_any_box_has_a_look_of_length_one(corners: list[tuple[float, ...]]) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners])
    rng = np.random.default_rng(0)
    found = looks(BgrPixels(rng.integers(0, 256, (90, 160, 3), np.uint8)), boxes)
    assert found.shape == (len(boxes), SIZE)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(boxes)))
