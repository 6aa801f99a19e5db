"""A camera that is covered, frozen or out of focus."""

import cv2
import numpy as np

from streamer.capture.street.options import Span, StreetOptions
from streamer.capture.street.street import Street

PLACE = {"seed": 5, "width": 480, "height": 270, "people": 5}


def sharpness(image: np.ndarray) -> float:
    smooth = cv2.blur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (3, 3))
    return float(cv2.Laplacian(smooth, cv2.CV_64F).var())


def test_a_covered_camera_shows_dark_grain_and_nobody() -> None:
    street, plain = Street(StreetOptions(**PLACE, covered=Span(2, 4))), Street(StreetOptions(**PLACE))
    covered = street.frame(30)
    assert covered.image.mean() < 40
    assert covered.image.std() < 12
    assert (covered.truth.visible == 0).all()
    np.testing.assert_array_equal(covered.truth.boxes, plain.truth(30).boxes)
    assert not np.array_equal(covered.image, street.frame(31).image), "the sensor's noise goes on"
    for index in (29, 60):
        np.testing.assert_array_equal(street.frame(index).image, plain.frame(index).image)


def test_a_frozen_camera_repeats_one_picture_and_its_truth() -> None:
    street, plain = Street(StreetOptions(**PLACE, frozen=Span(2, 4))), Street(StreetOptions(**PLACE))
    first = street.frame(30)
    np.testing.assert_array_equal(first.image, plain.frame(30).image)
    for index in (31, 45, 59):
        again = street.frame(index)
        np.testing.assert_array_equal(again.image, first.image)
        np.testing.assert_array_equal(again.truth.boxes, first.truth.boxes)
    np.testing.assert_array_equal(street.frame(60).image, plain.frame(60).image)
    assert not np.array_equal(plain.frame(31).image, plain.frame(30).image)


def test_out_of_focus_is_seen_in_the_edges() -> None:
    street, plain = Street(StreetOptions(**PLACE, blurred=Span(2, 4))), Street(StreetOptions(**PLACE))
    assert sharpness(street.frame(30).image) < 0.1 * sharpness(plain.frame(30).image)
    assert abs(street.frame(30).image.mean() - plain.frame(30).image.mean()) < 2
    np.testing.assert_array_equal(street.frame(60).image, plain.frame(60).image)
