"""How many of the objects a detector finds at its threshold, and how much of what it finds is one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors.detector import Detector
from detectors.session import Limits
from trainer.errors import DatasetError
from trainer.nano.dataset import Flags, Floats

OVERLAP = 0.5
# Low enough that every threshold one would use can be judged from the same detections.
LEAST_CONFIDENCE = 0.1
NEAR_TIE = 0.003


@dataclass(frozen=True, slots=True)
class Counts:
    """Objects found, objects missed, detections of nothing."""

    found: int
    missed: int
    false: int

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false)


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes float32 [N, 4] xyxy of one picture's objects, bool [N]: which are ignored, what was detected
    float32 [D, 4] and how sure it was float32 [D], falling."""

    objects: Floats
    ignored: Flags
    detected: Floats
    confidence: Floats


def scenes(detector: Detector, annotations: Path, label: str, iou: float) -> list[Scene]:
    """What the detector sees of one class in the pictures of a COCO file that is beside its `images/`."""
    content = json.loads(annotations.read_text())
    wanted = {entry["id"] for entry in content["categories"] if entry["name"] == label}
    objects: dict[int, list[dict[str, Any]]] = {}
    for entry in content["annotations"]:
        if entry["category_id"] in wanted:
            objects.setdefault(entry["image_id"], []).append(entry)
    found = []
    for entry in content["images"]:
        path = annotations.parent / "images" / entry["file_name"]
        image = cv2.imread(str(path))
        if image is None:
            raise DatasetError(f"{path}: no such picture, or not one that can be read")
        limits = Limits(min_confidence=LEAST_CONFIDENCE, iou=iou)
        [seen] = detector.infer([detector.prepare(np.asarray(image, np.uint8))], limits)
        mine = seen.data["class_name"] == label
        present = objects.get(entry["id"], [])
        boxes = np.array([item["bbox"] for item in present], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        ignored = np.array([bool(item.get("iscrowd") or item.get("difficult")) for item in present], np.bool_)
        found.append(Scene(boxes, ignored, seen.xyxy[mine], np.asarray(seen.confidence)[mine]))
    return found


def count(seen: Iterable[Scene], confidence: float) -> Counts:
    """Matches of IoU >= 0.5, the surest detection first; one on an ignored object counts as nothing."""
    totals = np.zeros(3, np.int64)
    for scene in seen:
        detected = scene.detected[scene.confidence >= confidence]
        totals += _matched(detected, scene.objects[~scene.ignored], scene.objects[scene.ignored])
    return Counts(*totals.tolist())


def best_confidence(seen: Sequence[Scene]) -> float:
    """The threshold, in hundredths, at which the lower of recall and precision is highest.

    Of near ties the highest is taken: elsewhere it gives fewer false alarms.
    """
    candidates = np.arange(LEAST_CONFIDENCE, 0.8, 0.01)
    values = []
    for confidence in candidates:
        counts = count(seen, float(confidence))
        values.append(min(counts.recall, counts.precision))
    good = np.flatnonzero(np.array(values) >= max(values) - NEAR_TIE)
    return round(float(candidates[good[-1]]), 2)


def _matched(detected: Floats, objects: Floats, ignored: Floats) -> tuple[int, int, int]:
    free = np.ones(len(objects), np.bool_)
    false = 0
    for box in detected:
        shared, area = _shared(box, objects)
        overlap = shared / (_area(objects) + area - shared + 1e-9) * free
        if len(objects) and overlap.max() >= OVERLAP:
            free[overlap.argmax()] = False
        elif not (_shared(box, ignored)[0] >= OVERLAP * area).any():
            false += 1
    return int((~free).sum()), int(free.sum()), false


def _shared(box: Floats, others: Floats) -> tuple[Floats, float]:
    """Areas that a box shares with others, float32 [N], and its own."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=1)), float(np.prod(box[2:] - box[:2]))


def _area(boxes: Floats) -> Floats:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
