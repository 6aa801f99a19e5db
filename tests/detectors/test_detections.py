"""Detections always know the names of their classes."""

import numpy as np

from detectors.detections import CLASS_NAME, empty, from_arrays, with_labels

LABELS = np.array(["person", "bus", "traffic light"])


def three():
    boxes = np.array([[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], np.float32)
    return from_arrays(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.array([2, 0, 1]), LABELS)


def test_class_names_follow_the_class_ids():
    assert three().data[CLASS_NAME].tolist() == ["traffic light", "person", "bus"]


def test_with_labels_keeps_order_and_columns():
    kept = with_labels(three(), ("bus", "traffic light", "zebra"))
    assert kept.data[CLASS_NAME].tolist() == ["traffic light", "bus"]
    assert kept.xyxy.tolist() == [[0, 0, 1, 1], [4, 4, 5, 5]]
    assert kept.class_id.tolist() == [2, 1]


def test_no_labels_mean_all():
    assert len(with_labels(three(), ())) == 3


def test_nothing_left_still_has_names():
    assert with_labels(three(), ("zebra",)).data[CLASS_NAME].shape == (0,)


def test_empty_has_all_columns():
    nothing = empty()
    assert len(nothing) == 0
    assert nothing.xyxy.shape == (0, 4)
    assert nothing.confidence.shape == nothing.class_id.shape == nothing.data[CLASS_NAME].shape == (0,)
    assert len(with_labels(nothing, ("person",))) == 0
