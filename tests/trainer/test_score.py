"""Counting what was found."""

import numpy as np

from trainer.nano.score import Counts, Scene, best_confidence, count


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def scene(objects: np.ndarray, ignored: list[bool], detected: np.ndarray, confidence: list[float]) -> Scene:
    return Scene(objects, np.array(ignored, np.bool_), detected, np.array(confidence, np.float32))


def test_an_object_is_found_once() -> None:
    one = scene(boxes((0, 0, 10, 10)), [False], boxes((0, 0, 10, 10), (1, 0, 10, 10)), [0.9, 0.8])
    assert count([one], 0.5) == Counts(found=1, missed=0, false=1)
    assert count([one], 0.85) == Counts(found=1, missed=0, false=0)
    assert count([one], 0.95) == Counts(found=0, missed=1, false=0)


def test_a_detection_in_an_ignored_object_is_neither_right_nor_wrong() -> None:
    crowd = scene(boxes((0, 0, 100, 100)), [True], boxes((10, 10, 30, 40), (90, 90, 140, 140)), [0.9, 0.8])
    assert count([crowd], 0.5) == Counts(found=0, missed=0, false=1)


def test_overlap_below_a_half_is_a_miss() -> None:
    near = scene(boxes((0, 0, 10, 10)), [False], boxes((5, 0, 15, 10)), [0.9])
    assert count([near], 0.5) == Counts(found=0, missed=1, false=1)
    assert count([scene(boxes(), [], boxes(), [])], 0.5) == Counts(0, 0, 0)


def test_the_best_threshold_lies_between_right_and_wrong() -> None:
    right = scene(boxes((0, 0, 10, 10)), [False], boxes((0, 0, 10, 10), (50, 50, 60, 60)), [0.62, 0.41])
    assert 0.41 < best_confidence([right]) <= 0.62
