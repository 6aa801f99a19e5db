"""What the compiled graphs must find, written a second time: numpy decodes and suppression as plain loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from detectors.session import Found, Limits


@dataclass(frozen=True, slots=True)
class Hit:
    """One object of one picture."""

    picture: int
    label: int
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """All cells of one picture: boxes [a,4] xyxy, scores [a,c], and what ranks a cell, [a]."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    gate: NDArray[np.float32]


def pixels(images: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """The float NCHW input of a model, from uint8 NHWC BGR."""
    ordered = images[..., ::-1] if spec.channels == "rgb" else images
    floats = ordered.astype(np.float32)
    if any(spec.mean):
        floats = floats - np.array(spec.mean, np.float32)
    if spec.std != (1.0, 1.0, 1.0):
        floats = floats / np.array(spec.std, np.float32)
    return np.ascontiguousarray(floats.transpose(0, 3, 1, 2))


def yolox(raw: Mapping[str, NDArray[np.float32]], size: tuple[int, int]) -> list[Decoded]:
    [rows] = raw.values()
    pictures = []
    for picture in rows:
        boxes = np.empty((len(picture), 4), np.float32)
        number = 0
        for stride in (8, 16, 32):
            for row in range(size[0] // stride):
                for column in range(size[1] // stride):
                    x, y, w, h = picture[number, :4]
                    cx, cy = (x + column) * stride, (y + row) * stride
                    w, h = np.exp(w) * stride, np.exp(h) * stride
                    boxes[number] = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
                    number += 1
        pictures.append(Decoded(boxes, picture[:, 5:] * picture[:, 4:5], picture[:, 4]))
    return pictures


def ultralytics(raw: Mapping[str, NDArray[np.float32]], size: tuple[int, int]) -> list[Decoded]:
    [columns] = raw.values()
    pictures = []
    for picture in columns:
        cx, cy, w, h = picture[:4]
        boxes = np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], axis=1)
        scores = picture[4:].T
        pictures.append(Decoded(boxes, scores, scores.max(axis=1)))
    return pictures


def sightline(raw: Mapping[str, NDArray[np.float32]], size: tuple[int, int]) -> list[Decoded]:
    pictures = []
    for number in range(len(raw["cls8"])):
        boxes, scores = [], []
        for stride in (8, 16, 32):
            logits, logs = raw[f"cls{stride}"][number], raw[f"reg{stride}"][number]
            for row in range(logits.shape[1]):
                for column in range(logits.shape[2]):
                    left, top, right, bottom = np.exp(np.clip(logs[:, row, column], -6, 6)) * stride
                    x, y = (column + 0.5) * stride, (row + 0.5) * stride
                    boxes.append((x - left, y - top, x + right, y + bottom))
                    scores.append(1 / (1 + np.exp(-logits[:, row, column])))
        table = np.array(scores, np.float32)
        pictures.append(Decoded(np.array(boxes, np.float32), table, table.max(axis=1)))
    return pictures


DECODES: Mapping[str, Callable[[Mapping[str, NDArray[np.float32]], tuple[int, int]], list[Decoded]]] = {
    "yolox": yolox,
    "ultralytics-v8": ultralytics,
    "sightline": sightline,
}


def iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return float(both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both))


def suppress(boxes: NDArray[np.float32], scores: NDArray[np.float32], limit: float) -> list[int]:
    """Indices of the boxes of one class that no better box overlaps by more than ``limit``."""
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(iou(boxes[index], boxes[better]) <= limit for better in kept):
            kept.append(index)
    return kept


def hits(decoded: list[Decoded], limits: Limits) -> list[Hit]:
    """What of the cells is reported, picture by picture, class by class, best first."""
    found = []
    for picture, cells in enumerate(decoded):
        ranked = sorted(range(len(cells.gate)), key=lambda i: -cells.gate[i])[: limits.max_candidates]
        for label in range(cells.scores.shape[1]):
            mine = [
                cell
                for cell in ranked
                if cells.scores[cell, label] > limits.min_confidence
                and (limits.multi_label or cells.scores[cell].argmax() == label)
            ]
            boxes, scores = cells.boxes[mine], cells.scores[mine, label]
            found += [
                Hit(picture, label, float(scores[i]), tuple(float(side) for side in boxes[i]))
                for i in suppress(boxes, scores, limits.iou)
            ]
    return found


def hits_of(found: Found) -> list[Hit]:
    """The same of a compiled graph, in the same order."""
    rows = zip(found.picture, found.classes, found.scores, found.boxes, strict=True)
    made = [Hit(int(p), int(c), float(s), tuple(float(side) for side in box)) for p, c, s, box in rows]
    return sorted(made, key=lambda hit: (hit.picture, hit.label, -hit.score))


def assert_same(found: Found, expected: list[Hit]) -> None:
    """Each object of one has its own in the other, equal but for the last bits of float32 arithmetic."""
    left = hits_of(found)
    assert len(left) == len(expected)
    for hit in expected:
        twin = next((other for other in left if _alike(hit, other)), None)
        assert twin is not None, f"{hit} is missing in {left}"
        left.remove(twin)


def _alike(one: Hit, other: Hit) -> bool:
    return (
        (one.picture, one.label) == (other.picture, other.label)
        and abs(one.score - other.score) < 1e-5
        and bool(np.allclose(one.box, other.box, rtol=1e-4, atol=1e-2))
    )
