"""The weights that are shipped: do they do what their manifest says?"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors import store
from detectors.detector import Detector, load
from detectors.manifest import ModelManifest
from detectors.session import Limits, SessionOptions
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame
from trainer.nano.score import Scene, count

MODELS = ("sightline-nano", "sightline-nano-int8")
CPU = SessionOptions(provider="cpu")


def people(detector: Detector, image: np.ndarray, limits: Limits) -> tuple[np.ndarray, np.ndarray]:
    [found] = detector.infer([detector.prepare(image)], limits)
    mine = found.data["class_name"] == "person"
    return found.xyxy[mine], np.asarray(found.confidence)[mine]


def in_use(detector: Detector) -> Limits:
    thresholds = detector.manifest.thresholds
    return Limits(min_confidence=thresholds.confidence, iou=thresholds.iou)


@pytest.mark.parametrize("name", MODELS)
def test_the_manifest_is_of_this_file(name: str) -> None:
    files = store.resolve(name)
    assert files.manifest is not None
    manifest = ModelManifest.model_validate_json(files.manifest.read_text())
    content = files.weights.read_bytes()
    assert manifest.name == name
    assert manifest.sha256 == hashlib.sha256(content).hexdigest()
    assert len(content) < 4_000_000
    assert manifest.license == "Apache-2.0"
    assert manifest.limits
    assert {"val_AP50_person", "street_recall_person", "street_precision_person"} <= manifest.metrics.keys()


@pytest.fixture(scope="module")
def unseen() -> list[StreetFrame]:
    streets = (Street(StreetOptions(seed=seed)) for seed in (5_001, 5_002, 5_003, 5_004))
    return [street.frame(index) for street in streets for index in range(0, 300, 50)]


@pytest.mark.parametrize("name", MODELS)
def test_finds_people_of_streets_it_never_saw(name: str, unseen: list[StreetFrame]) -> None:
    detector = load(name, CPU)
    scenes = []
    for frame in unseen:
        boxes = frame.truth.boxes
        ignored = (boxes[:, 3] - boxes[:, 1] < 24) | (frame.truth.visible < 0.5)
        scenes.append(Scene(boxes, ignored, *people(detector, frame.image, in_use(detector))))
    counts = count(scenes, 0)
    assert counts.found > 50
    # The figures over many streets are in the manifest; a few streets differ from them by some hundredths.
    assert counts.recall >= 0.9, counts
    assert counts.precision >= 0.9, counts


def every_40th(video: Path) -> Iterator[np.ndarray]:
    source = cv2.VideoCapture(str(video))
    number = 0
    while source.grab():
        if number % 40 == 0:
            yield source.retrieve()[1]
        number += 1
    source.release()


@pytest.mark.realdata
def test_finds_every_person_of_a_real_video(test_data: Path) -> None:
    reference = load(str(test_data / "models" / "yolov8n_int8.onnx"), CPU)
    frames = list(every_40th(test_data / "videos" / "one-by-one-person-detection.mp4"))
    truth = [people(reference, frame, Limits(min_confidence=0.5))[0] for frame in frames]
    assert sum(map(len, truth)) > 20
    for name in MODELS:
        detector = load(name, CPU)
        seen = [people(detector, frame, in_use(detector)) for frame in frames]
        scenes = [
            Scene(boxes, np.zeros(len(boxes), np.bool_), *found)
            for boxes, found in zip(truth, seen, strict=True)
        ]
        counts = count(scenes, 0)
        assert counts.recall >= 0.95, (name, counts)
        assert counts.precision >= 0.95, (name, counts)
