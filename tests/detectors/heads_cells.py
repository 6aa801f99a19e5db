"""Heads without anchors that tell distances or shares of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plain
from plain import SIDE, STRIDES, Outputs, between, centred, decoded, places, sigmoid, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from oracle import Decoded


def nanodet(rng: np.random.Generator) -> Outputs:
    scores = {
        f"cls_pred_stride_{stride}": between(rng, 0, 1, 1, (SIDE // stride) ** 2, plain.CLASSES)
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
    """RangiLyu/nanodet ``gfl_head.py`` ``GFLHead.get_bboxes_single`` (commit 107958448859)."""
    cells = []
    for stride in STRIDES:
        for at, (row, column) in enumerate(places(stride)):
            middle = (column + 0.5) * stride, (row + 0.5) * stride
            box = distance_box(*middle, raw[f"dis_pred_stride_{stride}"][0][at], stride)
            cells.append((box, raw[f"cls_pred_stride_{stride}"][0][at]))
    return decoded(cells)


def nanodet_plus(rng: np.random.Generator) -> Outputs:
    return {
        "output": np.concatenate(
            [between(rng, 0, 1, 1, 85, plain.CLASSES), between(rng, -3, 3, 1, 85, 32)], axis=2
        )
    }


def nanodet_plus_decoded(raw: Outputs) -> Decoded:
    """RangiLyu/nanodet ``nanodet_plus_head.py`` ``NanoDetPlusHead.get_bboxes`` (commit 02639a5d1599)."""
    cells, rows = [], iter(raw["output"][0])
    for stride in (8, 16, 32, 64):
        for row, column in places(stride):
            told = next(rows)
            cells.append(
                (
                    distance_box(column * stride, row * stride, told[plain.CLASSES :], stride),
                    told[: plain.CLASSES],
                )
            )
    return decoded(cells)


def fastestdet(rng: np.random.Generator) -> Outputs:
    parts = [
        between(rng, 0, 1, 1, 4, 4),
        between(rng, -2, 2, 4, 4, 4),
        between(rng, 0, 1, plain.CLASSES, 4, 4),
    ]
    return {"output": np.concatenate(parts)[None]}


def fastestdet_decoded(raw: Outputs) -> Decoded:
    """dog-qiuqiu/FastestDet ``runtime.py`` ``detection`` (commit 599c80fa9fc5), with the powers of
    PINTO0309/FastestDet ``tool.py`` ``handle_preds`` (commit 0be38bca49d6).
    """
    cells, gate = [], []
    [[values]] = raw.values()
    for row, column in places(16):
        told = values[:, row, column]
        x, y = np.tanh(told[1:3])
        w, h = sigmoid(told[3:5])
        box = centred((column + x) * 16, (row + y) * 16, w * plain.WIDTH, h * plain.HEIGHT)
        cells.append((box, told[0] ** 0.6 * told[5:] ** 0.4))
        gate.append(told[0] ** 0.6)
    return decoded(cells, gate)


def sightline(rng: np.random.Generator) -> Outputs:
    grids = {stride: SIDE // stride for stride in STRIDES}
    logits = {
        f"cls{stride}": between(rng, -4, 3, 1, plain.CLASSES, side, side) for stride, side in grids.items()
    }
    logs = {f"reg{stride}": between(rng, -1, 1, 1, 4, side, side) for stride, side in grids.items()}
    return {**logits, **logs}


def sightline_decoded(raw: Outputs) -> Decoded:
    """As this repository's ``trainer/`` trains it."""
    cells = []
    for stride in STRIDES:
        for row, column in places(stride):
            left, top, right, bottom = np.exp(raw[f"reg{stride}"][0][:, row, column]) * stride
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            cells.append(
                ((x - left, y - top, x + right, y + bottom), sigmoid(raw[f"cls{stride}"][0][:, row, column]))
            )
    return decoded(cells)


def picodet(rng: np.random.Generator) -> Outputs:
    strides = (8, 16, 32, 64)
    scores = {
        f"cls{stride}": between(rng, 0, 1, 1, (SIDE // stride) ** 2, plain.CLASSES) for stride in strides
    }
    bins = {f"dis{stride}": between(rng, -3, 3, 1, (SIDE // stride) ** 2, 32) for stride in strides}
    return {**scores, **bins}


def picodet_decoded(raw: Outputs) -> Decoded:
    """PaddlePaddle/PaddleDetection ``pico_head.py`` ``PicoHead.forward_eval`` (commit c6839eab4e25)."""
    cells = []
    for stride in (8, 16, 32, 64):
        for at, (row, column) in enumerate(places(stride)):
            middle = (column + 0.5) * stride, (row + 0.5) * stride
            box = distance_box(*middle, raw[f"dis{stride}"][0][at], stride)
            cells.append((box, raw[f"cls{stride}"][0][at]))
    return decoded(cells)
