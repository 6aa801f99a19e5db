"""The truth against the pictures: boxes round changed pixels, shares counted pixel by pixel."""

import numpy as np
import pytest

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.patch import Patch, paste, veiled
from streamer.capture.street.street import Street
from streamer.capture.street.truth import Person, truth_of
from streamer.capture.street.walk import Life, Walker
from streamer.capture.street.wardrobe import look_of

ALONE = StreetOptions(seed=5, width=640, height=360, people=1)


def square(left: int, top: int, side: int, cover: int = 255) -> Patch:
    pixels = np.zeros((side + 4, side + 4, 4), np.uint8)
    pixels[2:-2, 2:-2] = cover
    return Patch(left - 2, top - 2, pixels)


def person(identity: int, away_m: float, whole: Patch, shown: Patch | None = None) -> Person:
    life = Life(identity, identity % 2, look_of(0, identity, 0), np.zeros((2, 2)), 1.0, 0.0)
    return Person(Walker(life, 0.0, away_m, 0.0, 0.0), 0.0, away_m, whole, shown or whole)


def test_a_person_behind_another_is_seen_by_the_share_left_over() -> None:
    truth = truth_of([person(1, 9, square(10, 10, 20)), person(2, 5, square(20, 10, 20))], 100, 50)
    np.testing.assert_array_equal(truth.boxes, [[10, 10, 30, 30], [20, 10, 40, 30]])
    np.testing.assert_allclose(truth.visible, [0.5, 1.0])
    np.testing.assert_array_equal(truth.identities, [1, 2])
    np.testing.assert_array_equal(truth.kinds, [1, 0])


def test_a_person_cut_by_the_edge_is_seen_by_the_share_inside() -> None:
    truth = truth_of([person(1, 5, square(-15, 40, 20))], 100, 50)
    np.testing.assert_array_equal(truth.boxes, [[0, 40, 5, 50]])
    np.testing.assert_allclose(truth.visible, [0.25 * 0.5])


def test_a_person_outside_the_picture_is_not_in_the_truth() -> None:
    assert len(truth_of([person(1, 5, square(200, 10, 20))], 100, 50).boxes) == 0


def test_a_person_wholly_hidden_stays_in_the_truth_unseen() -> None:
    truth = truth_of([person(1, 9, square(10, 10, 10)), person(2, 5, square(5, 5, 30))], 100, 50)
    np.testing.assert_array_equal(truth.boxes[0], [10, 10, 20, 20])
    np.testing.assert_allclose(truth.visible, [0.0, 1.0])


def test_a_thing_hides_a_person_but_does_not_move_the_box() -> None:
    whole = square(10, 10, 20)
    truth = truth_of([person(1, 9, whole, veiled(whole, square(10, 10, 5)))], 100, 50)
    np.testing.assert_array_equal(truth.boxes, [[10, 10, 30, 30]])
    np.testing.assert_allclose(truth.visible, [1 - 25 / 400])


def test_who_barely_covers_a_pixel_is_not_there() -> None:
    assert len(truth_of([person(1, 5, square(10, 10, 20, cover=127))], 100, 50).boxes) == 0


def test_a_cut_out_is_laid_over_by_its_cover() -> None:
    image = np.full((20, 20, 3), 200, np.uint8)
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0], pixels[1] = (10, 20, 30, 255), (0, 0, 0, 51)
    paste(image, Patch(18, 18, pixels))
    paste(image, Patch(-30, 5, pixels))
    np.testing.assert_array_equal(image[18, 18], [10, 20, 30])
    np.testing.assert_array_equal(image[19, 19], [160, 160, 160])
    assert (image[:18] == 200).all()


def lone_frames() -> list[tuple[np.ndarray, np.ndarray]]:
    """Which pixels a lone person changes, with the box, for frames that hold all of the person."""
    street, empty = Street(ALONE), Street(StreetOptions(seed=5, width=640, height=360, people=0))
    found = []
    for index in range(0, 900, 15):
        frame = street.frame(index)
        if len(frame.truth.boxes) == 1 and frame.truth.visible[0] == 1:
            changed = (np.abs(frame.image.astype(int) - empty.frame(index).image) > 12).any(axis=2)
            found.append((changed, frame.truth.boxes[0].astype(int)))
    return found


def test_the_box_is_tight_round_the_pixels_that_a_person_changes() -> None:
    frames = lone_frames()
    assert len(frames) >= 10
    for changed, (x1, y1, x2, y2) in frames:
        # The shadow lies on the ground: above the middle of a person there is nothing else that changes.
        upper = changed[: y1 + (y2 - y1) // 3]
        rows, columns = upper.any(axis=1).nonzero()[0], upper.any(axis=0).nonzero()[0]
        assert abs(rows[0] - y1) <= 1
        assert columns[0] >= x1 - 1
        assert columns[-1] <= x2
        inside = changed[y1:y2, x1:x2]
        assert inside[-3:].any()
        assert inside[:, :3].any()
        assert inside[:, -3:].any()


@pytest.mark.parametrize("seed", [0, 4])
def test_the_nearest_person_is_hidden_by_nobody(seed: int) -> None:
    street = Street(StreetOptions(seed=seed, width=480, height=270, people=10))
    shares = np.concatenate([street.frame(index).truth.visible for index in range(0, 300, 30)])
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (shares < 0.9).any(), "ten people never hid one another"
    assert (shares == 1).mean() > 0.3
