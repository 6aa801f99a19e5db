"""COCO average precision and recall of a detector on a labelled set."""

from __future__ import annotations

import contextlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from detectors.detections import CLASS_NAME
from detectors.errors import DetectorError
from detectors.measuring.instances import read_instances
from detectors.merging import merged
from detectors.regions import WHOLE, lay_out
from detectors.session import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.detector import Detector
    from detectors.measuring.instances import Instances, Picture
    from detectors.regions import Shares

LIMITS: Final = Limits(min_confidence=0.001, iou=0.65, multi_label=True, max_candidates=2000)
"""What COCO figures are published with: nearly everything, a box may be of several classes."""
ALL, SMALL, MEDIUM, LARGE = range(4)
"""Places of the area ranges in what pycocotools returns: below 32x32 pixels, below 96x96, and above."""
AT_75: Final = 5
"""Place of IoU 0.75 in what pycocotools returns, which has 0.50 first."""
MOST: Final = 100
"""Detections of a class in a picture that COCO counts."""


def evaluate(
    detector: Detector, coco_json: Path, images_dir: Path, regions: Sequence[Shares] = WHOLE
) -> dict[str, Any]:
    """AP (IoU 0.50:0.95), AP50, AP75 and AP by size as COCO defines them, at most 100 detections a picture.

    ``recall`` is the share of objects that are found (IoU 0.50) at the confidence that the model's manifest
    recommends, ``recall_small`` that of those whose area is below 32x32 pixels.

    Classes are matched by name; those that the model does not know or the set does not hold are left out.
    A picture with ``labelled_classes`` counts for these alone. Boxes with ``iscrowd`` or ``difficult`` are
    neither hits nor misses.

    Args:
        detector: to be judged.
        coco_json: instances of the set.
        images_dir: where its ``file_name`` are.
        regions: of each picture, at which the model looks one by one.

    Returns:
        ``{"AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "recall", "recall_small", "per_class":
        {name: {the same}}}``, without the classes the set has no box of; None where nothing is of a size.

    Raises:
        DetectorError: the set cannot be read, or shares no class with the model.
    """
    truth = read_instances(coco_json)
    numbers = {entry.name: entry.id for entry in truth.categories if entry.name in detector.labels}
    if not numbers:
        raise DetectorError(f"{coco_json}: none of its classes is known to {detector.manifest.name}")
    counting = {picture.id: _counting(picture, numbers) for picture in truth.images}

    def judge(picture: Picture) -> list[dict[str, Any]]:
        found = _found(detector, _read(images_dir / picture.file_name), regions)
        return _results(_best(found), picture, counting[picture.id])

    with ThreadPoolExecutor(detector.policy.workers) as pool:
        results = [result for results in pool.map(judge, truth.images) for result in results]
    return _scores(_dataset(truth, counting, numbers), results, detector.manifest.thresholds.confidence)


def _found(detector: Detector, image: NDArray[np.uint8], regions: Sequence[Shares]) -> Detections:
    layout = lay_out(regions, image.shape[1], image.shape[0])
    # As many candidates a picture as without regions: joining compares each with each.
    limits = replace(LIMITS, max_candidates=-(-LIMITS.max_candidates // len(regions)))
    found = [detector.infer([detector.prepare(region.of(image))], limits)[0] for region in layout.regions]
    return merged(found, layout) if len(found) > 1 else found[0]


def _best(found: Detections) -> Detections:
    """The best of each class, as many as COCO counts: a picture can have 80,000, and none of the others
    matters."""
    if found.class_id is None or found.confidence is None:
        return found
    order = np.lexsort((-found.confidence, found.class_id))
    classes = found.class_id[order]
    rank = np.arange(len(order)) - np.searchsorted(classes, classes)
    chosen: Detections = found[order[rank < MOST]]  # type: ignore[assignment]
    return chosen


def _counting(picture: Picture, numbers: Mapping[str, int]) -> dict[str, int]:
    """The classes that count in a picture."""
    labelled = picture.labelled_classes
    return {name: number for name, number in numbers.items() if labelled is None or name in labelled}


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        content = np.zeros(0, np.uint8)
    # Not cv2.imread, which says on standard error what it cannot read.
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if image is None:
        raise DetectorError(f"{path}: no picture that can be read")
    return image.astype(np.uint8, copy=False)


def _results(found: Detections, picture: Picture, counting: Mapping[str, int]) -> list[dict[str, Any]]:
    """Detections as COCO results."""
    scores = np.zeros(len(found)) if found.confidence is None else found.confidence
    return [
        {
            "image_id": picture.id,
            "category_id": counting[name],
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "score": float(score),
        }
        for (x1, y1, x2, y2), score, name in zip(found.xyxy, scores, found.data[CLASS_NAME], strict=True)
        if name in counting
    ]


def _dataset(
    truth: Instances, counting: Mapping[int, Mapping[str, int]], numbers: Mapping[str, int]
) -> dict[str, list[dict[str, Any]]]:
    """The set as pycocotools wants it, with only what counts."""
    counted = [box for box in truth.annotations if box.category_id in counting.get(box.image_id, {}).values()]
    return {
        "images": [{"id": picture.id} for picture in truth.images],
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        "annotations": [
            {
                "id": number,
                "image_id": box.image_id,
                "category_id": box.category_id,
                "bbox": list(box.bbox),
                "area": box.bbox[2] * box.bbox[3] if box.area is None else box.area,
                "iscrowd": int(box.iscrowd or box.difficult),
            }
            for number, box in enumerate(counted, 1)
        ],
    }


def _scores(
    truth: dict[str, list[dict[str, Any]]], results: list[dict[str, Any]], confidence: float
) -> dict[str, Any]:
    confident = [result for result in results if result["score"] >= confidence]
    every, working = _accumulated(truth, results), _accumulated(truth, confident)
    # [IoU threshold, recall, class, area range, detections a picture]; -1 where there is nothing to find.
    precision = every["precision"][..., -1]
    recall = working["recall"][0, :, :, -1]
    names = {entry["id"]: entry["name"] for entry in truth["categories"]}
    per_class = {
        names[number]: _figures(precision[:, :, index], recall[index])
        for index, number in enumerate(every["params"].catIds)
        if (precision[:, :, index, ALL] > -1).any()
    }
    return {**_figures(precision, recall), "per_class": per_class}


def _figures(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> dict[str, float | None]:
    """Of precision by IoU, recall, perhaps class, and area, and recall by perhaps class, and area."""
    whole = precision[..., ALL]
    return {
        "AP": _mean(whole) or 0.0,
        "AP50": _mean(whole[0]) or 0.0,
        "AP75": _mean(whole[AT_75]) or 0.0,
        "AP_small": _mean(precision[..., SMALL]),
        "AP_medium": _mean(precision[..., MEDIUM]),
        "AP_large": _mean(precision[..., LARGE]),
        "recall": _mean(recall[..., ALL]) or 0.0,
        "recall_small": _mean(recall[..., SMALL]),
    }


def _accumulated(truth: dict[str, list[dict[str, Any]]], results: list[dict[str, Any]]) -> dict[str, Any]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results) if results else COCO(), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    accumulated: dict[str, Any] = evaluation.eval
    return accumulated


def _mean(figures: NDArray[np.float64]) -> float | None:
    counted = figures[figures > -1]
    return float(counted.mean()) if counted.size else None
