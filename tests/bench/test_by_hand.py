"""The loop written by hand finds what ours finds: what is compared does the same work."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.detector import Limits, load
from streamer.bench.by_hand.model import IOU, MIN_CONFIDENCE, Model

pytestmark = pytest.mark.realdata


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    extent = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    shared = np.prod(np.maximum(extent, 0))
    areas = np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2])
    return float(shared / (areas - shared))


@pytest.mark.parametrize("name", ["yolox_nano.onnx", "yolov8n_int8.onnx", "sightline-nano"])
def test_by_hand_finds_what_ours_finds(name: str, test_data: Path) -> None:
    path = test_data / "models" / name if name.endswith(".onnx") else Path(name)
    detector = load(str(path))
    from detectors import store

    manifest = detector.manifest
    size = (manifest.input.width, manifest.input.height)
    model = Model(str(store.resolve(str(path)).weights), manifest.family, size)
    image = cv2.imread(str(test_data / "photos" / "dls_pedestrians.jpg"))

    boxes, scores, classes = model.detect(image)
    boxes[:, 2:] += boxes[:, :2]
    [ours] = detector.infer([detector.prepare(image)], Limits(MIN_CONFIDENCE, IOU))

    strong = ours[ours.confidence > 0.5]
    assert len(strong) >= 3
    for box, label in zip(strong.xyxy, strong.class_id, strict=True):
        assert max(overlap(box, other) for other in boxes[classes == label]) > 0.7
    assert scores.min() > MIN_CONFIDENCE
