"""YOLOv3 and Tiny YOLOv3 of the ONNX model zoo: boxes and scores of all cells, and the model's own choice.

The choice (indices of the boxes that suppression left) is made again here, so that thresholds can be set.

Source of yolov3-keras: qqwweee/keras-yolo3 ``yolo3/model.py`` ``yolo_boxes_and_scores``,
``yolo_correct_boxes`` (commit 036cd817f789, MIT) and ``yolo3/utils.py`` ``letterbox_image`` (commit
036cd817f789, MIT), as onnx/models ``vision/object_detection_segmentation/yolov3/README.md`` (commit
492d3b11d9a1, MIT) exports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.families.boxes import of_yxyx
from detectors.families.family import Candidates, Head
from detectors.families.rows import GREY, rgb_shares

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature
    from detectors.manifest import InputSpec

CHOICE: Final = 3
"""Columns of the choice: picture, class, box."""
PYRAMIDS: Final = ((8, 16, 32), (16, 32))
EACH: Final = 3
"""Boxes of a cell."""


class KerasYolo:
    """Boxes y1, x1, y2, x2 [n,cells,4] in pixels of the picture, scores [n,classes,cells], and indices
    [..,3]."""

    def recognise(self, signature: Signature) -> Head | None:
        shapes = signature.outputs
        counts = {
            EACH * sum(-(-signature.width // each) * -(-signature.height // each) for each in strides)
            for strides in PYRAMIDS
        }
        choice = [
            name for name, shape in shapes.items() if name in signature.integer and shape[-1:] == (CHOICE,)
        ]
        rest = {name: shape for name, shape in shapes.items() if name not in choice and len(shape) == 3}
        boxes = [name for name, shape in rest.items() if shape[2] == 4 and shape[1] in counts]
        if len(shapes) != 3 or len(choice) != 1 or len(boxes) != 1 or len(rest) != 2:
            return None
        [scores] = rest.keys() - set(boxes)
        classes, cells = rest[scores][1:]
        if cells != rest[boxes[0]][1] or not classes:
            return None
        return Head(signature.width, signature.height, (), classes, (boxes[0], scores))

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, GREY)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("ReduceMax", head.outputs[1], axes=[1], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        boxes = of_yxyx(nodes, nodes.rows(head.outputs[0], cells))
        return Candidates(boxes, nodes.columns(head.outputs[1], head.classes, cells))
