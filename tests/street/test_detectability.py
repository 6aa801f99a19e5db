"""Whether detectors of real people and cars, which never saw the street, find those on it."""

from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from detectors.detector import load
from detectors.session import Limits, SessionOptions
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

SIDE = 416
MIN_SCORE = 0.35
PERSON = (0,)
CAR = (2, 7)
"""A tall car may be called a truck."""
Parked: TypeAlias = list[tuple[NDArray[np.uint8], NDArray[np.float32]]]


def found_by_yolox(
    session: ort.InferenceSession, image: NDArray[np.uint8], classes: tuple[int, ...]
) -> NDArray[np.float32]:
    """Boxes of some classes by YOLOX (raw grid, strides 8, 16, 32), overlapping ones included."""
    ratio = SIDE / max(image.shape[:2])
    width, height = round(image.shape[1] * ratio), round(image.shape[0] * ratio)
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    canvas[:height, :width] = cv2.resize(image, (width, height))
    output = session.run(None, {"images": canvas.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    cells = []
    for stride in (8, 16, 32):
        y, x = np.mgrid[: SIDE // stride, : SIDE // stride].reshape(2, -1)
        cells.append(np.stack([x, y, np.full_like(x, stride)], axis=1))
    grid = np.concatenate(cells).astype(np.float32)
    scores = output[:, 4:5] * output[:, 5:]
    chosen = np.isin(scores.argmax(axis=1), classes) & (scores.max(axis=1) >= MIN_SCORE)
    centre = (output[:, :2] + grid[:, :2]) * grid[:, 2:]
    half = np.exp(output[:, 2:4]) * grid[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)[chosen] / ratio


def overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return float(np.max(common / (areas + (box[2:] - box[:2]).prod() - common), initial=0))


@pytest.mark.realdata
def test_a_detector_of_real_people_finds_most_of_them(test_data: Path) -> None:
    session = ort.InferenceSession(
        test_data / "models" / "yolox_nano.onnx", providers=["CPUExecutionProvider"]
    )
    wanted = found = 0
    for seed in range(40, 44):
        street = Street(StreetOptions(seed=seed))
        for index in range(20, 260, 60):
            frame = street.frame(index)
            boxes = found_by_yolox(session, frame.image, PERSON)
            for box, visible in zip(frame.truth.boxes, frame.truth.visible, strict=True):
                if box[3] - box[1] >= 80 and visible >= 0.5:
                    wanted += 1
                    found += overlap(box, boxes) >= 0.5
    assert wanted > 50
    assert found / wanted >= 0.6


@pytest.fixture(scope="module")
def parked() -> Parked:
    """Streets with parked cars, and the boxes of those seen well."""
    frames = [Street(StreetOptions(seed=seed, people=3, parked=3)).frame(20) for seed in range(40, 46)]
    return [
        (frame.image, truth.boxes[(truth.labels == "car") & (truth.visible >= 0.5)])
        for frame in frames
        for truth in (frame.truth,)
    ]


@pytest.mark.realdata
def test_a_detector_of_real_cars_finds_most_of_them(test_data: Path, parked: Parked) -> None:
    session = ort.InferenceSession(
        test_data / "models" / "yolox_nano.onnx", providers=["CPUExecutionProvider"]
    )
    found = []
    for image, cars in parked:
        boxes = found_by_yolox(session, image, CAR)
        found += [overlap(car, boxes) >= 0.5 for car in cars]
    assert len(found) > 10
    assert np.mean(found) >= 0.7


def test_the_embedded_detector_finds_most_cars(parked: Parked) -> None:
    detector = load("sightline-nano", SessionOptions(provider="cpu"))
    thresholds = detector.manifest.thresholds
    limits = Limits(min_confidence=thresholds.confidence, iou=thresholds.iou)
    found = []
    for image, cars in parked:
        [seen] = detector.infer([detector.prepare(image)], limits)
        boxes = seen.xyxy[np.isin(seen.data["class_name"], ["car", "truck"])]
        found += [overlap(car, boxes) >= 0.5 for car in cars]
    assert np.mean(found) >= 0.6
