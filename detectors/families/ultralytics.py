"""The Ultralytics v8 head (YOLOv8, v5u, v9, 11, 12): one column per cell of box and class scores, decoded.

Exported with ``nms=False``. Names and task are in the file's metadata. Only the layout of the exports is read
here.

Source of ultralytics-v8: ultralytics/ultralytics ``ultralytics/nn/modules/head.py`` ``Detect._inference``,
``OBB._inference``, ``Pose._inference`` (commit 001ce22b0ece, AGPL-3.0) and ``ultralytics/utils/nms.py``
``non_max_suppression`` (commit 008ad879ea5d, AGPL-3.0).
Source of ultralytics-rows: none found in a stored repository; written from the layout of ultralytics-v8, with
the last two axes exchanged, as people's exports have it.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.families.boxes import corners_of, meaning, of_centres
from detectors.families.family import Candidates, Head
from detectors.families.grid import strides_of
from detectors.families.rows import CENTRE, CENTRES, ClassRows, rgb_shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature
    from detectors.manifest import InputSpec

BOX: Final = 4
"""End of the box within a column: x, y, w, h, classes."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What stands behind the classes of a column, or behind the class of a final row.

    Attributes:
        columns: how many there are of it.
        said: what is left aside, for people.
        turned: whether it is the angle by which the box is turned.
    """

    columns: int = 0
    said: str = ""
    turned: bool = False


class Ultralytics:
    """Output [n,4+classes,cells]: centre and size in input pixels, class scores after the sigmoid."""

    def recognise(self, signature: Signature) -> Head | None:
        name, shape = next(iter(signature.outputs.items()), ("", ()))
        extra = extra_of(signature)
        if extra is None or len(shape) != 3 or shape[1] is None:
            return None
        strides = strides_of(signature.width, signature.height, shape[2])
        classes = shape[1] - BOX - extra.columns
        if strides is None or classes < 1:
            return None
        columns = signature.values(name)
        told = meaning(signature, None if columns is None else columns[0, :BOX].T, CENTRES)
        if told is None or (extra.turned and told.form != "cxcywh"):
            return None
        return Head(
            signature.width,
            signature.height,
            strides,
            classes,
            (name,),
            turned=extra.turned,
            ignored=extra.said,
            shapes=(shape,),
            form=told.form,
            shares=told.shares,
        )

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, CENTRE)

    def gate(self, nodes: Nodes, head: Head) -> str:
        classes = nodes.slice(head.outputs[0], 1, BOX, BOX + head.classes)
        return nodes.op("ReduceMax", classes, axes=[1], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        columns = nodes.columns(head.outputs[0], head.shapes[0][1] or 0, cells)
        scores = nodes.slice(columns, 1, BOX, BOX + head.classes)
        if head.turned:
            angle = nodes.slice(columns, 1, BOX + head.classes, BOX + head.classes + 1)
            boxes = enclosing(nodes, nodes.slice(columns, 1, 0, BOX), angle, 1)
        else:
            boxes = corners_of(nodes, nodes.slice(columns, 1, 0, BOX), head, axis=1)
        return Candidates(nodes.op("Transpose", boxes, perm=[0, 2, 1]), scores)


class UltralyticsRows(ClassRows):
    """The same, turned: output [n,cells,4+classes]; without objectness, unlike YOLOv5 and YOLOX."""

    def recognise(self, signature: Signature) -> Head | None:
        found = signature.only()
        if found is None or len(found[1]) != 3 or not found[1][2] or found[1][2] <= BOX:
            return None
        name, shape = found
        strides = strides_of(signature.width, signature.height, shape[1])
        if strides is None:
            return None
        rows = signature.rows(name)
        told = meaning(signature, None if rows is None else rows[:, :BOX], CENTRES)
        if told is None:
            return None
        size = signature.width, signature.height
        return Head(*size, strides, (shape[2] or 0) - BOX, (name,), form=told.form, shares=told.shares)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, CENTRE)


TURNED: Final = Extra(1, "the angles of its boxes (the upright boxes around them are used)", turned=True)


def extra_of(signature: Signature) -> Extra | None:
    """What the exports of other tasks than detection add; None for a task without boxes."""
    outputs = list(signature.outputs.values())
    task = signature.metadata.get("task", "detect")
    if task == "obb":
        return TURNED
    if len(outputs) == 2 and len(outputs[1]) == 4 and outputs[1][1] and task in ("segment", "detect"):
        return Extra(outputs[1][1], "its masks")
    if len(outputs) != 1 or task not in ("detect", "pose"):
        return None
    return Extra(keypoints(signature.metadata), "its key points") if task == "pose" else Extra()


def keypoints(metadata: Mapping[str, str]) -> int:
    """Numbers that tell the key points of an object, by the metadata's ``kpt_shape``; COCO's without."""
    try:
        shape = ast.literal_eval(metadata.get("kpt_shape", "")[:100])
    except (ValueError, SyntaxError):
        shape = None
    if isinstance(shape, (list, tuple)) and shape and all(isinstance(each, int) for each in shape):
        return math.prod(shape)
    return COCO_KEYPOINTS


COCO_KEYPOINTS: Final = 17 * 3


def enclosing(nodes: Nodes, xywh: str, angle: str, axis: int) -> str:
    """The upright boxes around boxes of centre and size that are turned by an angle, in radians."""
    width, height = (nodes.slice(xywh, axis, side, side + 1) for side in (2, 3))
    across = nodes.op("Abs", nodes.op("Cos", angle))
    along = nodes.op("Abs", nodes.op("Sin", angle))
    outer = nodes.op(
        "Concat",
        nodes.op("Add", nodes.op("Mul", width, across), nodes.op("Mul", height, along)),
        nodes.op("Add", nodes.op("Mul", width, along), nodes.op("Mul", height, across)),
        axis=axis,
    )
    return of_centres(nodes, nodes.slice(xywh, axis, 0, 2), outer, axis)
