"""Heads of every family: outputs that say something, and what they mean, written a second time as plain
loops.

All of them are of 64x64 pictures. Each decode follows the upstream code that its family's file names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from oracle import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

Outputs = Mapping[str, "NDArray[np.float32]"]

SIDE = 64
"""Of the pictures that the heads made here are of."""
WIDTH = HEIGHT = SIDE
"""Of those whose heads are decoded."""
STRIDES = (8, 16, 32)
CLASSES = 3
LABELS = ("ant", "bee", "cow")
NAMES = (("names", str(dict(enumerate(LABELS)))),)


@dataclass(frozen=True)
class Kind:
    """One way in which a family's models answer.

    Attributes:
        make: random outputs, each [1,...], of pictures in which much is seen.
        decode: what they mean.
        metadata: of the file.
        family: to which it belongs; that of its name without.
        batched: whether outputs have a batch axis.
    """

    make: Callable[[np.random.Generator], Outputs]
    decode: Callable[[Outputs], Decoded]
    metadata: tuple[tuple[str, str], ...] = NAMES
    family: str = ""
    batched: bool = True


def between(rng: np.random.Generator, low: float, high: float, *shape: int) -> NDArray[np.float32]:
    return rng.uniform(low, high, shape).astype(np.float32)


def sigmoid(value: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 / (1 + np.exp(-value))


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(values - values.max())
    return raised / raised.sum()


def centred(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def pixels(box: Sequence[float]) -> tuple[float, ...]:
    """A box in shares of the picture."""
    return box[0] * WIDTH, box[1] * HEIGHT, box[2] * WIDTH, box[3] * HEIGHT


def places(stride: int) -> Iterator[tuple[int, int]]:
    """Row and column of each cell."""
    for row in range(-(-HEIGHT // stride)):
        for column in range(-(-WIDTH // stride)):
            yield row, column


def decoded(
    cells: list[tuple[tuple[float, ...], NDArray[np.float32]]], gate: list[float] | None = None
) -> Decoded:
    """Of boxes and their scores."""
    boxes = np.array([box for box, _ in cells], np.float32)
    scores = np.array([score for _, score in cells], np.float32)
    return Decoded(boxes, scores, scores.max(axis=1) if gate is None else np.array(gate, np.float32))


def corners(rng: np.random.Generator, count: int, size: float = SIDE) -> NDArray[np.float32]:
    """Boxes xyxy [count,4] within a picture of this size."""
    middle, half = between(rng, 0.2, 0.8, count, 2), between(rng, 0.05, 0.2, count, 2)
    return np.concatenate([middle - half, middle + half], axis=1) * np.float32(size)


def numbers(rng: np.random.Generator, count: int, first: int = 0) -> NDArray[np.float32]:
    return rng.integers(first, first + CLASSES, count).astype(np.float32)


# Rows with objectness: YOLOX, YOLOv5.


def rows_of(cells: int, raw: bool) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = between(rng, -0.5, 1.2, cells, 4) if raw else between(rng, 8, 40, cells, 4)
        return {"output": np.concatenate([box, between(rng, 0, 1, cells, 1 + CLASSES)], axis=1)[None]}

    return make


def rows_decoded(raw: Outputs) -> Decoded:
    rows = raw["output"][0]
    return decoded([(centred(*row[:4]), row[5:] * row[4]) for row in rows], [row[4] for row in rows])


def yolox_decoded(raw: Outputs) -> Decoded:
    rows, cells, at = raw["output"][0], [], 0
    for stride in STRIDES:
        for row, column in places(stride):
            x, y, w, h = rows[at, :4]
            box = centred((x + column) * stride, (y + row) * stride, np.exp(w) * stride, np.exp(h) * stride)
            cells.append((box, rows[at, 5:] * rows[at, 4]))
            at += 1
    return decoded(cells, [row[4] for row in rows])


# Columns: Ultralytics.


def columns_of(extra: int, low: float = 0, high: float = 0) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        parts = [
            between(rng, 8, 40, 4, 84),
            between(rng, 0, 1, CLASSES, 84),
            between(rng, low, high, extra, 84),
        ]
        outputs = {"output0": np.concatenate(parts)[None]}
        return outputs | ({"output1": between(rng, 0, 1, 1, 32, 16, 16)} if extra == 32 else {})

    return make


def columns_decoded(raw: Outputs) -> Decoded:
    return decoded([(centred(*column[:4]), column[4 : 4 + CLASSES]) for column in raw["output0"][0].T])


def around(x: float, y: float, w: float, h: float, angle: float) -> tuple[float, float, float, float]:
    """Of the four corners of a turned box, the outermost."""
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = np.array([(x, y) + a * w / 2 * along + b * h / 2 * across for a in (-1, 1) for b in (-1, 1)])
    return *points.min(axis=0), *points.max(axis=0)


def turned_columns_decoded(raw: Outputs) -> Decoded:
    columns = raw["output0"][0].T
    return decoded([(around(*column[:4], column[-1]), column[4 : 4 + CLASSES]) for column in columns])


# Final rows and triples.


def chosen(boxes: NDArray[np.float32], scores: NDArray[np.float32], labels: NDArray[np.float32]) -> Decoded:
    table = np.zeros((len(scores), CLASSES), np.float32)
    for at, (score, label) in enumerate(zip(scores, labels, strict=True)):
        table[at, int(label)] = score
    return decoded(list(zip(boxes, table, strict=True)))


def final(extra: int) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        parts = [corners(rng, 20), between(rng, 0.1, 1, 20, 1), numbers(rng, 20)[:, None]]
        outputs = {"output0": np.concatenate([*parts, between(rng, 0, 1, 20, extra)], axis=1)[None]}
        return outputs | ({"output1": between(rng, 0, 1, 1, 32, 16, 16)} if extra == 32 else {})

    return make


def final_decoded(raw: Outputs) -> Decoded:
    rows = raw["output0"][0]
    return chosen(rows[:, :4], rows[:, 4], rows[:, 5])


def final_turned(rng: np.random.Generator) -> Outputs:
    parts = [between(rng, 8, 40, 20, 4), between(rng, 0.1, 1, 20, 1), numbers(rng, 20)[:, None]]
    return {"output0": np.concatenate([*parts, between(rng, -1.5, 1.5, 20, 1)], axis=1)[None]}


def final_turned_decoded(raw: Outputs) -> Decoded:
    rows = raw["output0"][0]
    return chosen(np.array([around(*row[:4], row[6]) for row in rows]), rows[:, 4], rows[:, 5])


def efficientdet(rng: np.random.Generator) -> Outputs:
    box = corners(rng, 20)[:, [1, 0, 3, 2]]
    parts = [np.zeros((20, 1)), box, between(rng, 0.1, 1, 20, 1), numbers(rng, 20, 1)[:, None]]
    return {"detections": np.concatenate(parts, axis=1).astype(np.float32)[None]}


def efficientdet_decoded(raw: Outputs) -> Decoded:
    rows = raw["detections"][0]
    return chosen(rows[:, [2, 1, 4, 3]], rows[:, 5], rows[:, 6] - 1)


def triples(
    boxes: str, scores: str, labels: str, *, size: float = SIDE, first: int = 0
) -> Callable[..., Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        return {
            labels: numbers(rng, 20, first)[None],
            boxes: corners(rng, 20, size)[None],
            scores: between(rng, 0.1, 1, 1, 20),
        }

    return make


def rt_detr_decoded(raw: Outputs) -> Decoded:
    return chosen(raw["boxes"].reshape(-1, 4), raw["scores"].ravel(), raw["labels"].ravel())


def torchvision(rng: np.random.Generator) -> Outputs:
    return {
        "boxes": corners(rng, 20),
        "labels": numbers(rng, 20, 1),
        "scores": between(rng, 0.1, 1, 20),
    }


def torchvision_decoded(raw: Outputs) -> Decoded:
    return chosen(raw["boxes"], raw["scores"], raw["labels"] - 1)


def tf_detection(rng: np.random.Generator) -> Outputs:
    made = triples("detection_boxes", "detection_scores", "detection_classes", size=1, first=1)(rng)
    boxes = made["detection_boxes"][..., [1, 0, 3, 2]]
    return {**made, "detection_boxes": boxes, "num_detections": np.full((1,), 20, np.float32)}


def tf_detection_decoded(raw: Outputs) -> Decoded:
    boxes = [pixels(box) for box in raw["detection_boxes"][0][:, [1, 0, 3, 2]]]
    return chosen(np.array(boxes), raw["detection_scores"][0], raw["detection_classes"][0] - 1)


def nms_plugin(rng: np.random.Generator) -> Outputs:
    made = triples("det_boxes", "det_scores", "det_classes")(rng)
    return {"num_dets": np.full((1, 1), 20, np.float32), **made}


def nms_plugin_decoded(raw: Outputs) -> Decoded:
    return chosen(raw["det_boxes"][0], raw["det_scores"][0], raw["det_classes"][0])


# Queries.


def queries(extra: int) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = np.concatenate([between(rng, 0.3, 0.7, 20, 2), between(rng, 0.1, 0.4, 20, 2)], axis=1)
        return {"pred_logits": between(rng, -3, 3, 1, 20, CLASSES + extra), "pred_boxes": box[None]}

    return make


def queries_decoded(
    scores: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> Callable[[Outputs], Decoded]:
    def decode(raw: Outputs) -> Decoded:
        pairs = zip(raw["pred_boxes"][0], raw["pred_logits"][0], strict=True)
        return decoded([(pixels(centred(*box)), scores(row)) for box, row in pairs])

    return decode


# Maps with anchors: YOLOv2 to v7.

V3 = {
    8: ((10, 13), (16, 30), (33, 23)),
    16: ((30, 61), (62, 45), (59, 119)),
    32: ((116, 90), (156, 198), (373, 326)),
}
V4 = {
    8: ((12, 16), (19, 36), (40, 28)),
    16: ((36, 75), (76, 55), (72, 146)),
    32: ((142, 110), (192, 243), (459, 401)),
}
TINY = {16: ((10, 14), (23, 27), (37, 58)), 32: ((81, 82), (135, 169), (344, 319))}
V2 = {
    32: tuple(
        (32 * w, 32 * h) for w, h in ((1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52))
    )
}
Anchors = Mapping[int, tuple[tuple[float, float], ...]]
DEPTH = 5 + CLASSES


def maps(anchors: Anchors, order: str) -> Callable[[np.random.Generator], Outputs]:
    """Maps in an order of memory: planes, anchors, cells or flat cells."""

    def make(rng: np.random.Generator) -> Outputs:
        outputs = {}
        for stride, sizes in anchors.items():
            side, count = SIDE // stride, len(sizes)
            shape = {
                "planes": (count * DEPTH, side, side),
                "anchors": (count, side, side, DEPTH),
                "cells": (side, side, count, DEPTH),
                "flat": (side, side, count * DEPTH),
            }[order]
            outputs[f"map{stride}"] = between(rng, -2, 1.5, 1, *shape)
        return outputs

    return make


def of_map(
    values: NDArray[np.float32], order: str, row: int, column: int, anchor: int
) -> NDArray[np.float32]:
    first, end = anchor * DEPTH, (anchor + 1) * DEPTH
    return {
        "planes": lambda: values[first:end, row, column],
        "anchors": lambda: values[anchor, row, column],
        "cells": lambda: values[row, column, anchor],
        "flat": lambda: values[row, column, first:end],
    }[order]()


def maps_decoded(
    anchors: Anchors,
    order: str,
    *,
    square: bool = False,
    stretch: Mapping[int, float],
    classes: Callable[[NDArray[np.float32]], NDArray[np.float32]] = sigmoid,
) -> Callable[[Outputs], Decoded]:
    def decode(raw: Outputs) -> Decoded:
        cells, gate = [], []
        for stride, sizes in anchors.items():
            by = stretch.get(stride, 1.0)
            for row, column in places(stride):
                for anchor, (width, height) in enumerate(sizes):
                    told = of_map(raw[f"map{stride}"][0], order, row, column, anchor)
                    x, y = sigmoid(told[:2]) * by - (by - 1) / 2
                    w, h = (2 * sigmoid(told[2:4])) ** 2 if square else np.exp(told[2:4])
                    box = centred((x + column) * stride, (y + row) * stride, w * width, h * height)
                    objectness = sigmoid(told[4])
                    cells.append((box, classes(told[5:]) * objectness))
                    gate.append(objectness)
        return decoded(cells, gate)

    return decode


# Pairs of boxes and scores.


def pairs(count: int, *, last: bool, size: float = SIDE, single: bool = False) -> Callable[..., Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = corners(rng, count, size)[None]
        scores = between(rng, 0, 1, *((1, count, CLASSES) if last else (1, CLASSES, count)))
        return {"boxes": box[:, :, None] if single else box, "scores": scores}

    return make


def pairs_decoded(raw: Outputs) -> Decoded:
    boxes, scores = raw["boxes"][0], raw["scores"][0]
    scores = scores.T if scores.shape[0] == CLASSES else scores
    boxes = [pixels(box[0]) for box in boxes] if boxes.ndim == 3 else boxes
    return decoded(list(zip(boxes, scores, strict=True)))


# Faces.

FACES = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}


def ultraface(raw: bool) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        count = sum((SIDE // stride) ** 2 * len(sides) for stride, sides in FACES.items())
        face = between(rng, 0, 1, count)
        box = between(rng, -2, 2, count, 4) if raw else corners(rng, count, 1)
        return {"scores": np.stack([1 - face, face], axis=1)[None], "boxes": box[None]}

    return make


def ultraface_decoded(raw: Outputs) -> Decoded:
    faces = zip(raw["boxes"][0], raw["scores"][0][:, 1:], strict=True)
    return decoded([(pixels(box), score) for box, score in faces])


def ultraface_raw_decoded(raw: Outputs) -> Decoded:
    cells, at = [], 0
    for stride, sides in FACES.items():
        for row, column in places(stride):
            for side in sides:
                prior_w, prior_h = min(1.0, side / WIDTH), min(1.0, side / HEIGHT)
                x, y, w, h = raw["boxes"][0][at]
                centre = (
                    x * 0.1 * prior_w + (column + 0.5) * stride / WIDTH,
                    y * 0.1 * prior_h + (row + 0.5) * stride / HEIGHT,
                )
                box = centred(*centre, np.exp(w * 0.2) * prior_w, np.exp(h * 0.2) * prior_h)
                cells.append((pixels(box), raw["scores"][0][at, 1:]))
                at += 1
    return decoded(cells)


def scrfd(points: bool, batched: bool) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        outputs = {}
        for kind, depth, high in (("score", 1, 1.0), ("bbox", 4, 3.0), ("kps", 10, 3.0)):
            for stride in STRIDES:
                values = between(rng, 0.01, high, 2 * (SIDE // stride) ** 2, depth)
                outputs[f"{kind}_{stride}"] = values[None] if batched else values
        return outputs if points else {name: value for name, value in outputs.items() if "kps" not in name}

    return make


def scrfd_decoded(raw: Outputs) -> Decoded:
    cells = []
    for stride in STRIDES:
        scores, sides = raw[f"score_{stride}"].reshape(-1, 1), raw[f"bbox_{stride}"].reshape(-1, 4)
        at = 0
        for row, column in places(stride):
            for _ in range(2):
                left, top, right, bottom = sides[at] * stride
                x, y = column * stride, row * stride
                cells.append(((x - left, y - top, x + right, y + bottom), scores[at]))
                at += 1
    return decoded(cells)


def yunet(rng: np.random.Generator) -> Outputs:
    depths = (("cls", 1, 0, 1), ("obj", 1, 0, 1), ("bbox", 4, -0.5, 1), ("kps", 10, 0, 1))
    return {
        f"{kind}_{stride}": between(rng, low, high, 1, (SIDE // stride) ** 2, depth)
        for kind, depth, low, high in depths
        for stride in STRIDES
    }


def yunet_decoded(raw: Outputs) -> Decoded:
    cells = []
    for stride in STRIDES:
        for at, (row, column) in enumerate(places(stride)):
            x, y, w, h = raw[f"bbox_{stride}"][0][at]
            box = centred((x + column) * stride, (y + row) * stride, np.exp(w) * stride, np.exp(h) * stride)
            score = np.sqrt(raw[f"cls_{stride}"][0][at] * raw[f"obj_{stride}"][0][at])
            cells.append((box, score))
    return decoded(cells)


# NanoDet, FastestDet.


def nanodet(rng: np.random.Generator) -> Outputs:
    scores = {
        f"cls_pred_stride_{stride}": between(rng, 0, 1, 1, (SIDE // stride) ** 2, CLASSES)
        for stride in STRIDES
    }
    bins = {
        f"dis_pred_stride_{stride}": between(rng, -3, 3, 1, (SIDE // stride) ** 2, 32) for stride in STRIDES
    }
    return {**scores, **bins}


def distance_box(x: float, y: float, bins: NDArray[np.float32], stride: int) -> tuple[float, ...]:
    left, top, right, bottom = ((softmax(side) * np.arange(8)).sum() * stride for side in bins.reshape(4, 8))
    return x - left, y - top, x + right, y + bottom


def nanodet_decoded(raw: Outputs) -> Decoded:
    cells = []
    for stride in STRIDES:
        for at, (row, column) in enumerate(places(stride)):
            middle = (column * stride + 0.5 * (stride - 1), row * stride + 0.5 * (stride - 1))
            box = distance_box(*middle, raw[f"dis_pred_stride_{stride}"][0][at], stride)
            cells.append((box, raw[f"cls_pred_stride_{stride}"][0][at]))
    return decoded(cells)


def nanodet_plus(rng: np.random.Generator) -> Outputs:
    return {
        "output": np.concatenate([between(rng, 0, 1, 1, 85, CLASSES), between(rng, -3, 3, 1, 85, 32)], axis=2)
    }


def nanodet_plus_decoded(raw: Outputs) -> Decoded:
    cells, rows = [], iter(raw["output"][0])
    for stride in (8, 16, 32, 64):
        for row, column in places(stride):
            told = next(rows)
            cells.append(
                (distance_box(column * stride, row * stride, told[CLASSES:], stride), told[:CLASSES])
            )
    return decoded(cells)


def fastestdet(rng: np.random.Generator) -> Outputs:
    parts = [between(rng, 0, 1, 1, 4, 4), between(rng, -2, 2, 4, 4, 4), between(rng, 0, 1, CLASSES, 4, 4)]
    return {"output": np.concatenate(parts)[None]}


def fastestdet_decoded(raw: Outputs) -> Decoded:
    cells, gate = [], []
    [[values]] = raw.values()
    for row, column in places(16):
        told = values[:, row, column]
        x, y = np.tanh(told[1:3])
        w, h = sigmoid(told[3:5])
        box = centred((column + x) * 16, (row + y) * 16, w * WIDTH, h * HEIGHT)
        cells.append((box, told[0] ** 0.6 * told[5:] ** 0.4))
        gate.append(told[0] ** 0.6)
    return decoded(cells, gate)


def sightline(rng: np.random.Generator) -> Outputs:
    grids = {stride: SIDE // stride for stride in STRIDES}
    logits = {f"cls{stride}": between(rng, -4, 3, 1, CLASSES, side, side) for stride, side in grids.items()}
    logs = {f"reg{stride}": between(rng, -1, 1, 1, 4, side, side) for stride, side in grids.items()}
    return {**logits, **logs}


def sightline_decoded(raw: Outputs) -> Decoded:
    cells = []
    for stride in STRIDES:
        for row, column in places(stride):
            left, top, right, bottom = np.exp(raw[f"reg{stride}"][0][:, row, column]) * stride
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            cells.append(
                ((x - left, y - top, x + right, y + bottom), sigmoid(raw[f"cls{stride}"][0][:, row, column]))
            )
    return decoded(cells)


TWICE = dict.fromkeys(STRIDES, 2.0)
KINDS: Mapping[str, Kind] = {
    "sightline": Kind(sightline, sightline_decoded),
    "yolox": Kind(rows_of(84, raw=True), yolox_decoded),
    "yolox-decoded": Kind(rows_of(84, raw=False), rows_decoded),
    "ultralytics-v8": Kind(columns_of(0), columns_decoded),
    "ultralytics-v8 of masks": Kind(columns_of(32, -1, 1), columns_decoded, (*NAMES, ("task", "segment"))),
    "ultralytics-v8 of poses": Kind(
        columns_of(51, 0, 64), columns_decoded, (*NAMES, ("task", "pose"), ("kpt_shape", "[17, 3]"))
    ),
    "ultralytics-v8 of turned boxes": Kind(
        columns_of(1, -1.5, 1.5), turned_columns_decoded, (*NAMES, ("task", "obb"))
    ),
    "end-to-end": Kind(final(0), final_decoded),
    "end-to-end of masks": Kind(final(32), final_decoded, (*NAMES, ("task", "segment"))),
    "end-to-end of poses": Kind(final(51), final_decoded, (*NAMES, ("task", "pose"))),
    "end-to-end of turned boxes": Kind(final_turned, final_turned_decoded, (*NAMES, ("task", "obb"))),
    "yolov2": Kind(maps(V2, "planes"), maps_decoded(V2, "planes", stretch={}, classes=softmax)),
    "yolov3": Kind(maps(V3, "planes"), maps_decoded(V3, "planes", stretch={})),
    "yolov3-tiny": Kind(maps(TINY, "flat"), maps_decoded(TINY, "flat", stretch={})),
    "yolov4": Kind(maps(V4, "cells"), maps_decoded(V4, "cells", stretch={8: 1.2, 16: 1.1, 32: 1.05})),
    "yolov4-decoded": Kind(pairs(252, last=True, size=1, single=True), pairs_decoded),
    "yolov5": Kind(rows_of(252, raw=False), rows_decoded),
    "yolov5-raw": Kind(maps(V3, "anchors"), maps_decoded(V3, "anchors", square=True, stretch=TWICE)),
    "yolov7-raw": Kind(maps(V4, "anchors"), maps_decoded(V4, "anchors", square=True, stretch=TWICE)),
    "yolo-nas": Kind(pairs(84, last=True), pairs_decoded),
    "pp-yoloe": Kind(pairs(84, last=False), pairs_decoded),
    "nanodet": Kind(nanodet, nanodet_decoded),
    "nanodet-plus": Kind(nanodet_plus, nanodet_plus_decoded),
    "fastestdet": Kind(fastestdet, fastestdet_decoded),
    "ultraface": Kind(ultraface(raw=False), ultraface_decoded, ()),
    "ultraface-raw": Kind(ultraface(raw=True), ultraface_raw_decoded, ()),
    "scrfd": Kind(scrfd(points=True, batched=True), scrfd_decoded, ()),
    "scrfd without a batch axis": Kind(scrfd(points=False, batched=False), scrfd_decoded, (), batched=False),
    "yunet": Kind(yunet, yunet_decoded, ()),
    "efficientdet": Kind(efficientdet, efficientdet_decoded),
    "detr": Kind(queries(1), queries_decoded(lambda row: softmax(row)[:CLASSES])),
    "deformable-detr": Kind(queries(0), queries_decoded(sigmoid)),
    "rt-detr": Kind(triples("boxes", "scores", "labels"), rt_detr_decoded),
    "tf-detection": Kind(tf_detection, tf_detection_decoded),
    "torchvision": Kind(torchvision, torchvision_decoded, batched=False),
    "nms-plugin": Kind(nms_plugin, nms_plugin_decoded),
}
"""By the name of the family, and what is special about it."""
