"""Pictures into the model's input, boxes back out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.letterbox import fit, place
from detectors.manifest import InputSpec, LetterboxSpec
from detectors.pixels import BgrPixels

MODES = ("top-left", "centre", "stretch")

specs = st.builds(
    InputSpec,
    width=st.integers(16, 1280),
    height=st.integers(16, 1280),
    letterbox=st.builds(LetterboxSpec, mode=st.sampled_from(MODES), pad=st.integers(0, 255)),
)
sides = st.integers(2, 4096)


def test_a_crop_shows_what_torchvision_shows():
    """Resize(256) and CenterCrop(224) of 512x256: the middle 224x224 of its own pixels."""
    spec = InputSpec(width=224, height=224, letterbox=LetterboxSpec(mode="crop", shown=0.875))
    image = np.random.default_rng(0).integers(0, 256, (256, 512, 3), np.uint8)
    fitted, letterbox = fit(BgrPixels(image), spec)
    assert np.array_equal(fitted, image[16:240, 144:368])
    whole = np.array([[0, 0, 224, 224]], np.float32)
    np.testing.assert_allclose(letterbox.inverse(whole), [[144, 16, 368, 240]], atol=1e-3)


@given(sides, sides, st.integers(16, 1280), st.integers(16, 1280), st.floats(0.01, 1))
def test_a_crop_is_within_the_picture_whatever_its_form(width, height, across, down, shown):
    spec = InputSpec(width=across, height=down, letterbox=LetterboxSpec(mode="crop", shown=shown))
    letterbox = place(width, height, spec)
    whole = np.array([[0, 0, across, down]], np.float32)
    [[left, top, right, bottom]] = letterbox.inverse(whole)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    inside = (whole - letterbox._shift()) / letterbox._scale()
    np.testing.assert_allclose(letterbox.inverse(whole), inside, atol=0.01 * max(width, height))


@given(specs, sides, sides, st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=5))
def test_inverse_gives_back_every_box_within_half_a_pixel(spec, width, height, shares):
    corners = np.sort(np.array(shares, np.float32).reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    boxes = corners * np.array([width, height, width, height], np.float32)
    letterbox = place(width, height, spec)
    np.testing.assert_allclose(letterbox.inverse(letterbox.forward(boxes)), boxes, atol=0.5)


@given(specs, sides, sides)
def test_the_picture_lies_inside_the_input_and_keeps_its_proportions(spec, width, height):
    letterbox = place(width, height, spec)
    [[left, top, right, bottom]] = letterbox.forward(np.array([[0, 0, width, height]], np.float32))
    assert left >= 0
    assert top >= 0
    assert right <= spec.width + 1e-2
    assert bottom <= spec.height + 1e-2
    if spec.letterbox.mode != "stretch":
        ideal = min(spec.width / width, spec.height / height)
        # Rounded to whole pixels, and never to none.
        assert abs((right - left) - width * ideal) <= 1
        assert abs((bottom - top) - height * ideal) <= 1


@given(specs, st.integers(1, 400), st.integers(1, 400))
def test_fit_fills_the_whole_input(spec, width, height):
    picture = np.full((height, width, 3), 200, np.uint8)
    canvas, letterbox = fit(BgrPixels(picture), spec)
    assert canvas.shape == (spec.height, spec.width, 3)
    assert canvas.dtype == np.uint8
    inside = np.zeros(canvas.shape[:2], bool)
    right = letterbox.pad_x + round(width * letterbox.scale_x)
    bottom = letterbox.pad_y + round(height * letterbox.scale_y)
    inside[letterbox.pad_y : bottom, letterbox.pad_x : right] = True
    assert (canvas[inside] == 200).all()
    assert (canvas[~inside] == spec.letterbox.pad).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (100, 80), (1920, 1080)])
def test_what_is_seen_in_the_input_is_where_the_inverse_says(mode, width, height):
    spec = InputSpec(width=416, height=320, letterbox=LetterboxSpec(mode=mode, pad=0))
    picture = np.zeros((height, width, 3), np.uint8)
    truth = np.array([width // 4, height // 4, width // 2, height * 3 // 4], np.float32)
    left, top, right, bottom = truth.astype(int)
    picture[top:bottom, left:right] = 255
    canvas, letterbox = fit(BgrPixels(picture), spec)
    rows, columns = np.nonzero(canvas[..., 0] > 127)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    one_input_pixel = 1 / min(letterbox.scale_x, letterbox.scale_y)
    np.testing.assert_allclose(letterbox.inverse(seen)[0], truth, atol=max(one_input_pixel, 1))


def test_boxes_end_at_the_picture():
    letterbox = place(100, 50, InputSpec(width=100, height=100))
    outside = np.array([[-10, -10, 200, 200], [10, 60, 20, 90]], np.float32)
    assert letterbox.inverse(outside).tolist() == [[0, 0, 100, 50], [10, 50, 20, 50]]


def test_no_boxes_stay_no_boxes():
    letterbox = place(100, 50, InputSpec(width=100, height=100))
    assert letterbox.inverse(np.empty((0, 4), np.float32)).shape == (0, 4)
