"""Yolo-FastestV2: two maps of boxes and objectness of three anchors a cell, which share their classes.

Boxes and objectness are after their sigmoid, classes after their softmax.

Source of yolo-fastestv2: dog-qiuqiu/Yolo-FastestV2 ``model/detector.py`` ``Detector.forward`` with
``export_onnx`` (commit 83b2b3f0109e, no license stored), ``utils/utils.py`` ``handel_preds``,
``non_max_suppression`` (commit ef96e53239e1, no license stored), ``data/coco.data`` (commit 2c0b3380ef1e, no
license stored) and ``test.py`` (commit 2c0b3380ef1e, no license stored).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import of_centres
from detectors.families.family import Candidates, Head
from detectors.families.rows import STRETCH, rgb_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature
    from detectors.manifest import InputSpec

ANCHORS: Final = {
    16: ((12.64, 19.39), (37.88, 51.48), (55.71, 138.31)),
    32: ((126.91, 78.23), (131.57, 214.55), (279.92, 258.87)),
}
"""In input pixels by stride, as published with the weights."""
EACH: Final = 3
BOXES: Final = 4 * EACH
CLASSES: Final = 5 * EACH
"""Where objectness and classes begin: three boxes, three times objectness, classes."""


class YoloFastestV2:
    """Outputs [n,h,w,15+classes] of strides 16 and 32."""

    def recognise(self, signature: Signature) -> Head | None:
        grids: dict[tuple[int | None, ...], int] = {
            (-(-signature.height // stride), -(-signature.width // stride)): stride for stride in ANCHORS
        }
        found = {
            grids[shape[1:3]]: (name, shape)
            for name, shape in signature.outputs.items()
            if len(shape) == 4 and shape[1:3] in grids
        }
        depths = {shape[3] for _, shape in found.values()}
        if found.keys() != ANCHORS.keys() or len(signature.outputs) != len(found) or len(depths) != 1:
            return None
        classes = (depths.pop() or 0) - CLASSES
        outputs = tuple(found[stride][0] for stride in ANCHORS)
        # Exports of other kinds end before the sigmoid.
        if classes < 1 or any(signature.shares(name) is False for name in outputs):
            return None
        return Head(signature.width, signature.height, tuple(ANCHORS), classes, outputs)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, STRETCH).model_copy(update={"channels": "bgr"})

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("Squeeze", self._places(nodes, head, BOXES, 1), nodes.ints([2]))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        told = nodes.rows(self._places(nodes, head, 0, 4), cells)
        objectness = nodes.rows(self._places(nodes, head, BOXES, 1), cells)
        # Three places share a cell's classes.
        cell = nodes.op("Div", cells, nodes.ints(EACH))
        classes = nodes.rows(self._classes(nodes, head), cell)
        corner, stride, anchor = (
            nodes.op("Gather", nodes.floats(part), cells) for part in np.split(_table(head), [2, 3], axis=1)
        )
        twice = nodes.op("Mul", told, nodes.floats(2.0))
        inside = nodes.op("Add", nodes.slice(twice, 2, 0, 2), corner)
        size = nodes.slice(twice, 2, 2, 4)
        size = nodes.op("Mul", nodes.op("Mul", size, size), anchor)
        boxes = of_centres(nodes, nodes.op("Mul", inside, stride), size)
        scores = nodes.op("Transpose", nodes.op("Mul", classes, objectness), perm=[0, 2, 1])
        return Candidates(boxes, scores)

    @staticmethod
    def _places(nodes: Nodes, head: Head, first: int, columns: int) -> str:
        """Columns of every anchor of every cell, [n,places,columns]."""
        parts = [
            nodes.op(
                "Reshape",
                nodes.slice(name, 3, first, first + EACH * columns),
                nodes.ints([0, -1, columns]),
            )
            for name in head.outputs
        ]
        return nodes.op("Concat", *parts, axis=1)

    @staticmethod
    def _classes(nodes: Nodes, head: Head) -> str:
        parts = [
            nodes.op(
                "Reshape",
                nodes.slice(name, 3, CLASSES, CLASSES + head.classes),
                nodes.ints([0, -1, head.classes]),
            )
            for name in head.outputs
        ]
        return nodes.op("Concat", *parts, axis=1)


def _table(head: Head) -> NDArray[np.float32]:
    """Of every place: its cell's corner moved by the decode's half (2), stride, anchor in pixels (2)."""
    tables = []
    for stride, anchors in ANCHORS.items():
        rows, columns = -(-head.height // stride), -(-head.width // stride)
        row, column, anchor = np.indices((rows, columns, EACH)).reshape(3, -1)
        sizes = np.array(anchors)[anchor]
        tables.append(np.column_stack([column - 0.5, row - 0.5, np.full(len(row), stride), sizes]))
    return np.concatenate(tables).astype(np.float32)
