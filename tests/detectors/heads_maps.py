"""Heads that are maps of several anchors a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import plain
from plain import SIDE, Outputs, between, centred, decoded, places, sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from oracle import Decoded

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
DEPTH = 5 + plain.CLASSES


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
    """Of yolov2 pjreddie/darknet ``region_layer.c`` ``get_region_box`` (commit 02e7109b8baa);
    of yolov3, Tiny and yolov4-tiny pjreddie/darknet ``yolo_layer.c`` ``get_yolo_box`` (commit 011eed632d70);
    of yolov4 hunglc007/tensorflow-yolov4-tflite ``yolov4.py`` ``decode_train`` (commit 08cf9fa7b0dd);
    of yolov5-raw ultralytics/yolov5 ``yolo.py`` ``Detect.forward`` (commit 88f52e8d3656);
    of yolov7-raw WongKinYiu/yolov7 ``yolo.py`` ``IDetect.fuseforward`` (commit 01285329f746).
    """

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


def after_sigmoid(maps: Callable[[np.random.Generator], Outputs], first: int) -> Callable[..., Outputs]:
    """Maps in cells whose columns from ``first`` on are after their sigmoid."""

    def make(rng: np.random.Generator) -> Outputs:
        made = {}
        for name, values in maps(rng).items():
            made[name] = np.concatenate([values[..., :first], sigmoid(values[..., first:])], axis=-1)
        return made

    return make


def before_sigmoid(decode: Callable[[Outputs], Decoded], first: int) -> Callable[[Outputs], Decoded]:
    """What the same maps mean, by the decode of logits."""

    def of(raw: Outputs) -> Decoded:
        logits = {}
        for name, values in raw.items():
            shares = values[..., first:].astype(np.float64)
            logits[name] = np.concatenate([values[..., :first], np.log(shares / (1 - shares))], axis=-1)
        return decode(logits)

    return of


TINY_V4 = {16: ((23, 27), (37, 58), (81, 82)), 32: ((81, 82), (135, 169), (344, 319))}
FASTEST = {
    16: ((12.64, 19.39), (37.88, 51.48), (55.71, 138.31)),
    32: ((126.91, 78.23), (131.57, 214.55), (279.92, 258.87)),
}


def fastest(rng: np.random.Generator) -> Outputs:
    return {
        f"map{stride}": between(rng, 0, 1, 1, SIDE // stride, SIDE // stride, 15 + plain.CLASSES)
        for stride in FASTEST
    }


def fastest_decoded(raw: Outputs) -> Decoded:
    """dog-qiuqiu/Yolo-FastestV2 ``utils.py`` ``handel_preds`` (commit ef96e53239e1)."""
    cells, gate = [], []
    for stride, anchors in FASTEST.items():
        for row, column in places(stride):
            told = raw[f"map{stride}"][0][row, column]
            for number, (width, height) in enumerate(anchors):
                x, y, w, h = told[4 * number : 4 * number + 4]
                centre = (2 * x - 0.5 + column) * stride, (2 * y - 0.5 + row) * stride
                box = centred(*centre, (2 * w) ** 2 * width, (2 * h) ** 2 * height)
                cells.append((box, told[15:] * told[12 + number]))
                gate.append(told[12 + number])
    return decoded(cells, gate)
