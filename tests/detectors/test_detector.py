"""The front door: pictures of any size in, detections in their own pixels out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from miniature import BOXES, BUILDERS, LABELS, SIDE, Recipe, write, yolox

from detectors.detections import CLASS_NAME
from detectors.detector import Prepared, load
from detectors.errors import InferenceError
from detectors.session import Limits, SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)


def detector_of(model, tmp_path):
    return load(str(write(model, tmp_path / "mini.onnx", labels=LABELS)), CPU, cache=tmp_path / "cache")


def picture(level=255, width=SIDE, height=SIDE):
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("family", BUILDERS)
@pytest.mark.parametrize("factor", [1, 3, 0.5])
def test_boxes_are_in_pixels_of_the_picture_best_first(family, factor, tmp_path):
    detector = detector_of(BUILDERS[family](), tmp_path)
    side = int(SIDE * factor)
    [found] = detector.infer([detector.prepare(picture(width=side, height=side))], Limits())
    assert found.data[CLASS_NAME].tolist() == ["bee", "cow"]
    assert found.confidence[0] > found.confidence[1]
    assert found.xyxy.dtype == np.float32
    expected = np.array([BOXES["bee"], BOXES["cow"]], np.float32) * factor
    np.testing.assert_allclose(found.xyxy, expected, atol=0.05)


def test_what_lies_in_the_padding_is_left_out(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    # 64x10 pixels of picture: the bee, from row 20 down, is all padding; two rows of the cow are picture.
    [found] = detector.infer([detector.prepare(picture(width=SIDE, height=10))], Limits(0.05))
    assert found.data[CLASS_NAME].tolist() == ["cow"]
    np.testing.assert_allclose(found.xyxy, [[0, 8, 16, 10]], atol=0.05)


def test_nothing_found_is_an_empty_result_not_a_missing_one(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    black, white = detector.prepare(picture(0)), detector.prepare(picture())
    first, second, third = detector.infer([black, white, black], Limits())
    assert [len(found) for found in (first, second, third)] == [0, 2, 0]
    assert first.data[CLASS_NAME].shape == (0,)
    assert first.xyxy.shape == (0, 4)
    assert detector.infer([], Limits()) == []


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_batches_are_filled_up_to_warm_sizes_and_cut_at_the_largest(count, tmp_path):
    detector = detector_of(yolox(Recipe(batch=None)), tmp_path)
    detector.policy = replace(detector.policy, buckets=(1, 2, 4))
    levels = [255 if number % 3 else 0 for number in range(count)]
    found = detector.infer([detector.prepare(picture(level)) for level in levels], Limits())
    assert [len(one) for one in found] == [2 if level else 0 for level in levels]


def test_a_poisoned_picture_fails_its_batch_and_nothing_else(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    good = detector.prepare(picture())
    for image in (picture()[:32], picture().astype(np.float32), picture()[..., 0]):
        with pytest.raises(InferenceError, match=r"expected uint8 \(64, 64, 3\), received"):
            detector.infer([good, Prepared(image, good.letterbox)], Limits())
    assert len(detector.infer([good], Limits())[0]) == 2


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((10, 0, 3), np.uint8),
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused_before_the_model(image, tmp_path):
    detector = detector_of(yolox(), tmp_path)
    with pytest.raises(InferenceError, match="expected a picture uint8 HxWx3, received"):
        detector.prepare(image)


def test_several_threads_may_infer_at_once(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    prepared = [detector.prepare(picture(255 if number % 2 else 0)) for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda one: len(detector.infer([one], Limits())[0]), prepared))
    assert counts == [0, 2] * 20


def test_a_rebuilt_detector_goes_on(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    policy = detector.warm_up(quick=True)
    before = detector._session
    detector.rebuild()
    assert detector._session is not before
    assert detector.policy == policy
    assert len(detector.infer([detector.prepare(picture())], Limits())[0]) == 2


def test_non_contiguous_pictures_are_fine(tmp_path):
    detector = detector_of(yolox(), tmp_path)
    wide = picture(width=2 * SIDE)
    [found] = detector.infer([detector.prepare(wide[:, ::2])], Limits())
    assert len(found) == 2
