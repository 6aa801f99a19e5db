"""COCO average precision of a detector on a labelled set."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from detectors.errors import DetectorError
from detectors.session import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pycocotools.cocoeval import COCOeval

    from detectors.detector import Detector

LIMITS: Final = Limits(min_confidence=0.001, iou=0.65, multi_label=True, max_candidates=2000)
"""What COCO figures are published with: nearly everything, a box may be of several classes."""


def evaluate(detector: Detector, coco_json: Path, images_dir: Path) -> dict[str, Any]:
    """AP (IoU 0.50:0.95) and AP50 as COCO defines them, at most 100 detections a picture.

    Classes are matched by name; those that the model does not know or the set does not hold are left out.
    A picture with ``labelled_classes`` counts for these alone. Boxes with ``iscrowd`` or ``difficult`` are
    neither hits nor misses.

    Args:
        detector: to be judged.
        coco_json: instances of the set.
        images_dir: where its ``file_name`` are.

    Returns:
        ``{"AP", "AP50", "per_class": {name: {"AP", "AP50"}}}``, without the classes the set has no box of.

    Raises:
        DetectorError: the set cannot be read, or shares no class with the model.
    """
    truth = _read(coco_json)
    categories = {
        entry["id"]: entry["name"] for entry in truth["categories"] if entry["name"] in detector.labels
    }
    if not categories:
        raise DetectorError(f"{coco_json}: none of its classes is known to {detector.manifest.name}")
    labelled = {entry["id"]: _labelled(entry, categories) for entry in truth["images"]}
    results = [
        result
        for entry in truth["images"]
        for result in _results(detector, entry, images_dir, categories)
        if result["category_id"] in labelled[entry["id"]]
    ]
    annotations = [
        _annotation(number, entry)
        for number, entry in enumerate(truth["annotations"], 1)
        if entry["category_id"] in labelled.get(entry["image_id"], ())
    ]
    images = [{"id": entry["id"]} for entry in truth["images"]]
    names = [{"id": number, "name": name} for number, name in categories.items()]
    return _scores({"images": images, "annotations": annotations, "categories": names}, results)


def _read(coco_json: Path) -> dict[str, Any]:
    try:
        truth = json.loads(coco_json.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DetectorError(f"{coco_json}: cannot be read: {error}") from error
    missing = [key for key in ("images", "annotations", "categories") if key not in truth]
    if missing:
        raise DetectorError(f"{coco_json}: expected COCO instances, {', '.join(missing)} missing")
    return dict(truth)


def _labelled(image: Mapping[str, Any], categories: Mapping[int, str]) -> frozenset[int]:
    names = image.get("labelled_classes")
    return frozenset(number for number, name in categories.items() if names is None or name in names)


def _annotation(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    width, height = entry["bbox"][2:]
    ignored = bool(entry.get("iscrowd") or entry.get("difficult"))
    return {
        "id": number,
        "image_id": entry["image_id"],
        "category_id": entry["category_id"],
        "bbox": entry["bbox"],
        "area": entry.get("area", width * height),
        "iscrowd": int(ignored),
    }


def _results(
    detector: Detector, entry: Mapping[str, Any], images_dir: Path, categories: Mapping[int, str]
) -> list[dict[str, Any]]:
    path = images_dir / entry["file_name"]
    image = cv2.imread(str(path))
    if image is None:
        raise DetectorError(f"{path}: no picture that can be read")
    numbers = {name: number for number, name in categories.items()}
    [found] = detector.infer([detector.prepare(image.astype(np.uint8, copy=False))], LIMITS)
    scores = found.confidence if found.confidence is not None else np.zeros(len(found))
    return [
        {
            "image_id": entry["id"],
            "category_id": numbers[name],
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "score": float(score),
        }
        for (x1, y1, x2, y2), score, name in zip(found.xyxy, scores, found.data["class_name"], strict=True)
        if name in numbers
    ]


def _scores(truth: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    if not results:
        return {"AP": 0.0, "AP50": 0.0, "per_class": {}}
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation: COCOeval = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # [IoU threshold, recall, class, area range, detections a picture]; -1 where there is nothing to find.
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    names = {entry["id"]: entry["name"] for entry in truth["categories"]}
    per_class = {
        names[number]: {"AP": _mean(precision[:, :, index]), "AP50": _mean(precision[0, :, index])}
        for index, number in enumerate(evaluation.params.catIds)
        if (precision[:, :, index] > -1).any()
    }
    return {"AP": _mean(precision), "AP50": _mean(precision[0]), "per_class": per_class}


def _mean(precision: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    counted = precision[precision > -1]
    return float(counted.mean()) if counted.size else 0.0
