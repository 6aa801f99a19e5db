"""The Ultralytics v8 head (YOLOv8, v5u, v9, 11, 12): one column per cell of box and class scores, decoded.

Source: ultralytics/ultralytics (AGPL-3.0; only the layout of its exports is read here),
``ultralytics/nn/modules/head.py`` ``Detect`` and ``ultralytics/utils/nms.py`` ``non_max_suppression``;
exported with ``nms=False``. The class names are in the file's metadata, as a Python dict.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from detectors.families.family import Candidates, Head, Signature
from detectors.families.grid import strides_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.nodes import Nodes

BOX = 4
"""End of the box within a column: x, y, w, h, classes."""
MAX_NAMES = 100_000
"""Characters of metadata that are read as names; COCO needs 1,200, Objects365 7,000."""


class Ultralytics:
    """Output [n,4+classes,cells]: centre and size in input pixels, class scores after the sigmoid."""

    def recognise(self, signature: Signature) -> Head | None:
        if len(signature.outputs) != 1 or signature.metadata.get("task", "detect") != "detect":
            return None
        [(name, shape)] = signature.outputs.items()
        if len(shape) != 3 or shape[1] is None or shape[1] <= BOX:
            return None
        strides = strides_of(signature.width, signature.height, shape[2])
        if strides is None:
            return None
        classes = shape[1] - BOX
        labels = names(signature.metadata.get("names", ""), classes)
        return Head(signature.width, signature.height, strides, classes, (name,), labels)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width,
            height=head.height,
            channels="rgb",
            std=(255.0, 255.0, 255.0),
            letterbox=LetterboxSpec(mode="centre"),
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        classes = nodes.slice(head.outputs[0], 1, BOX, BOX + head.classes)
        return nodes.op("ReduceMax", classes, axes=[1], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        columns = nodes.columns(head.outputs[0], BOX + head.classes, cells)
        centre, size = nodes.slice(columns, 1, 0, 2), nodes.slice(columns, 1, 2, BOX)
        half = nodes.op("Mul", size, nodes.floats(0.5))
        boxes = nodes.op("Concat", nodes.op("Sub", centre, half), nodes.op("Add", centre, half), axis=1)
        scores = nodes.slice(columns, 1, BOX, BOX + head.classes)
        return Candidates(nodes.op("Transpose", boxes, perm=[0, 2, 1]), scores)


def names(text: str, classes: int) -> tuple[str, ...] | None:
    """The labels of ``"{0: 'person', 1: 'bicycle'}"``; None unless there is one for each class."""
    if len(text) > MAX_NAMES:
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(found, dict) or set(found) != set(range(classes)):
        return None
    return tuple(str(found[number]) for number in range(classes))
