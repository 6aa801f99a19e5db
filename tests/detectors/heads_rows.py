"""Heads of one row, column or query per object or cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import plain
from plain import SIDE, STRIDES, Outputs, between, centred, decoded, pixels, places

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from oracle import Decoded


def rows_of(cells: int, raw: bool) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = between(rng, -0.5, 1.2, cells, 4) if raw else between(rng, 8, 40, cells, 4)
        return {"output": np.concatenate([box, between(rng, 0, 1, cells, 1 + plain.CLASSES)], axis=1)[None]}

    return make


def rows_decoded(raw: Outputs) -> Decoded:
    """Megvii-BaseDetection/YOLOX ``yolo_head.py`` ``YOLOXHead.decode_outputs`` (commit 02aecbacfd51);
    ultralytics/yolov5 ``yolo.py`` ``Detect.forward`` (commit 88f52e8d3656).
    """
    rows = raw["output"][0]
    return decoded([(centred(*row[:4]), row[5:] * row[4]) for row in rows], [row[4] for row in rows])


def yolox_decoded(raw: Outputs) -> Decoded:
    """Megvii-BaseDetection/YOLOX ``demo_utils.py`` ``demo_postprocess`` (commit 00767321e712)."""
    rows, cells, at = raw["output"][0], [], 0
    for stride in STRIDES:
        for row, column in places(stride):
            x, y, w, h = rows[at, :4]
            box = centred((x + column) * stride, (y + row) * stride, np.exp(w) * stride, np.exp(h) * stride)
            cells.append((box, rows[at, 5:] * rows[at, 4]))
            at += 1
    return decoded(cells, [row[4] for row in rows])


def with_maps(rng: np.random.Generator) -> Outputs:
    """As older exports of YOLOv5 have it: the maps that the rows are made of, too."""
    maps = {
        f"map{stride}": between(rng, -2, 2, 1, 3, SIDE // stride, SIDE // stride, 5 + plain.CLASSES)
        for stride in STRIDES
    }
    return {**rows_of(252, raw=False)(rng), **maps}


def columns_of(extra: int, low: float = 0, high: float = 0) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        parts = [
            between(rng, 8, 40, 4, 84),
            between(rng, 0, 1, plain.CLASSES, 84),
            between(rng, low, high, extra, 84),
        ]
        outputs = {"output0": np.concatenate(parts)[None]}
        return outputs | ({"output1": between(rng, 0, 1, 1, 32, 16, 16)} if extra == 32 else {})

    return make


def columns_decoded(raw: Outputs) -> Decoded:
    """ultralytics/ultralytics ``head.py`` ``Detect._inference`` (commit 001ce22b0ece)."""
    return decoded([(centred(*column[:4]), column[4 : 4 + plain.CLASSES]) for column in raw["output0"][0].T])


def around(x: float, y: float, w: float, h: float, angle: float) -> tuple[float, float, float, float]:
    """Of the four corners of a turned box, the outermost."""
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = np.array([(x, y) + a * w / 2 * along + b * h / 2 * across for a in (-1, 1) for b in (-1, 1)])
    return *points.min(axis=0), *points.max(axis=0)


def turned_columns_decoded(raw: Outputs) -> Decoded:
    """ultralytics/ultralytics ``head.py`` ``OBB._inference`` (commit 001ce22b0ece)."""
    columns = raw["output0"][0].T
    return decoded([(around(*column[:4], column[-1]), column[4 : 4 + plain.CLASSES]) for column in columns])


def turned_about(rng: np.random.Generator) -> Outputs:
    return {"output0": columns_of(0)(rng)["output0"].transpose(0, 2, 1)}


def turned_about_decoded(raw: Outputs) -> Decoded:
    """The columns of ``columns_decoded`` as rows."""
    return decoded([(centred(*row[:4]), row[4:]) for row in raw["output0"][0]])


def queries(extra: int) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = np.concatenate([between(rng, 0.3, 0.7, 20, 2), between(rng, 0.1, 0.4, 20, 2)], axis=1)
        return {"pred_logits": between(rng, -3, 3, 1, 20, plain.CLASSES + extra), "pred_boxes": box[None]}

    return make


def queries_decoded(
    scores: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> Callable[[Outputs], Decoded]:
    """facebookresearch/detr ``detr.py`` ``PostProcess`` (commit 0217b40fb806), softmax;
    fundamentalvision/Deformable-DETR ``deformable_detr.py`` ``PostProcess`` (commit 1212c970d85a), sigmoid.
    """

    def decode(raw: Outputs) -> Decoded:
        pairs = zip(raw["pred_boxes"][0], raw["pred_logits"][0], strict=True)
        return decoded([(pixels(centred(*box)), scores(row)) for box, row in pairs])

    return decode


def query_rows(rng: np.random.Generator) -> Outputs:
    box = np.concatenate([between(rng, 0.3, 0.7, 20, 2), between(rng, 0.1, 0.4, 20, 2)], axis=1)
    return {"output0": np.concatenate([box, between(rng, 0, 1, 20, plain.CLASSES)], axis=1)[None]}


def query_rows_decoded(raw: Outputs) -> Decoded:
    """ultralytics/ultralytics ``head.py`` ``RTDETRDecoder.forward`` (commit 001ce22b0ece)."""
    return decoded([(pixels(centred(*row[:4])), row[4:]) for row in raw["output0"][0]])
