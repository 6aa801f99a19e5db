"""YuNet: per stride the class, objectness and box of a face in each cell.

Key points are left aside.

Source of yunet: opencv/opencv ``modules/objdetect/src/face_detect.cpp`` ``FaceDetectorYNImpl::postProcess``
(commit 0692bb41f5af, Apache-2.0); ShiqiYu/libfacedetection.train ``tools/yunet2onnx.py`` ``pytorch2onnx``
(commit 2a9e94ccc6b4, Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.families.boxes import of_centres
from detectors.families.family import Candidates, Head
from detectors.families.grid import cells as cells_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature

STRIDES: Final = (8, 16, 32)
KINDS: Final = {"cls": 1, "obj": 1, "bbox": 4}
POINTS: Final = "kps"


class YuNet:
    """Outputs cls_8 .. cls_32, obj_8 .. obj_32 [n,cells,1], after the sigmoid, and bbox_8 .. bbox_32
    [n,cells,4]."""

    def recognise(self, signature: Signature) -> Head | None:
        outputs = tuple(f"{kind}_{stride}" for kind in KINDS for stride in STRIDES)
        points = {f"{POINTS}_{stride}" for stride in STRIDES}
        if set(signature.outputs) - points != set(outputs):
            return None
        for name in outputs:
            kind, stride = name.split("_")
            cells = -(-signature.width // int(stride)) * -(-signature.height // int(stride))
            if signature.outputs[name][1:] != (cells, KINDS[kind]):
                return None
        labels = signature.labels or ("face",)
        ignored = "its key points" if len(signature.outputs) > len(outputs) else ""
        return Head(signature.width, signature.height, STRIDES, 1, outputs, labels, ignored=ignored)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width, height=head.height, letterbox=LetterboxSpec(mode="top-left", pad=0)
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        product = nodes.op("Mul", self._all(nodes, head, 0), self._all(nodes, head, 1))
        return nodes.op("Sqrt", nodes.op("Squeeze", product, nodes.ints([2])))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        product = nodes.op("Mul", self._all(nodes, head, 0), self._all(nodes, head, 1))
        scores = nodes.op("Transpose", nodes.op("Sqrt", nodes.rows(product, cells)), perm=[0, 2, 1])
        box = nodes.rows(self._all(nodes, head, 2), cells)
        grid = cells_of(head.width, head.height, STRIDES)
        corner = nodes.op("Gather", nodes.floats(grid[:, :2]), cells)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        centre = nodes.op("Mul", nodes.op("Add", nodes.slice(box, 2, 0, 2), corner), stride)
        size = nodes.op("Mul", nodes.op("Exp", nodes.slice(box, 2, 2, 4)), stride)
        return Candidates(of_centres(nodes, centre, size), scores)

    def _all(self, nodes: Nodes, head: Head, kind: int) -> str:
        first = kind * len(STRIDES)
        return nodes.op("Concat", *head.outputs[first : first + len(STRIDES)], axis=1)
