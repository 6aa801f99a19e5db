"""YOLOX: one row per cell of box offsets, objectness and class scores.

Source: Megvii-BaseDetection/YOLOX (Apache-2.0), ``yolox/models/yolo_head.py`` ``decode_outputs`` and
``yolox/utils/demo_utils.py`` ``demo_postprocess``; Ge et al. 2021, arXiv:2107.08430. Exported with
``decode_in_inference=False``, the default of its ``tools/export_onnx.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.families.family import Candidates, Head, Signature
from detectors.families.grid import cells as cells_of
from detectors.families.grid import strides_of
from detectors.manifest import InputSpec

if TYPE_CHECKING:
    from detectors.nodes import Nodes

BOX, OBJECTNESS = 4, 5
"""Ends of the box and of the objectness within a row: x, y, w, h, objectness, classes."""


class Yolox:
    """Output [n,cells,5+classes]; scores are sigmoids already, boxes are relative to their cell."""

    def recognise(self, signature: Signature) -> Head | None:
        if len(signature.outputs) != 1:
            return None
        [(name, shape)] = signature.outputs.items()
        if len(shape) != 3 or shape[2] is None or shape[2] <= OBJECTNESS:
            return None
        strides = strides_of(signature.width, signature.height, shape[1])
        if strides is None:
            return None
        return Head(signature.width, signature.height, strides, shape[2] - OBJECTNESS, (name,))

    def input(self, head: Head) -> InputSpec:
        return InputSpec(width=head.width, height=head.height)

    def gate(self, nodes: Nodes, head: Head) -> str:
        # score = objectness * class <= objectness, and objectness alone is 80 times less to read.
        objectness = nodes.slice(head.outputs[0], 2, BOX, OBJECTNESS)
        return nodes.op("Squeeze", objectness, nodes.ints([2]))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        which = nodes.op("Unsqueeze", cells, nodes.ints([2]))
        rows = nodes.op("GatherND", head.outputs[0], which, batch_dims=1)
        grid = cells_of(head.width, head.height, head.strides)
        corner = nodes.op("Gather", nodes.floats(grid[:, :2]), cells)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        centre = nodes.op("Mul", nodes.op("Add", nodes.slice(rows, 2, 0, 2), corner), stride)
        size = nodes.op("Mul", nodes.op("Exp", nodes.slice(rows, 2, 2, BOX)), stride)
        half = nodes.op("Mul", size, nodes.floats(0.5))
        boxes = nodes.op("Concat", nodes.op("Sub", centre, half), nodes.op("Add", centre, half), axis=2)
        classes = nodes.slice(rows, 2, OBJECTNESS, OBJECTNESS + head.classes)
        scores = nodes.op("Mul", classes, nodes.slice(rows, 2, BOX, OBJECTNESS))
        return Candidates(boxes, nodes.op("Transpose", scores, perm=[0, 2, 1]))
