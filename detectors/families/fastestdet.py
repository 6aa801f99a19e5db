"""FastestDet: one map of objectness, box and classes.

Source of fastestdet: dog-qiuqiu/FastestDet ``example/onnx-runtime/runtime.py`` ``preprocess``, ``detection``
(commit 599c80fa9fc5, BSD-3-Clause); the powers of the score, newer than the stored versions of that file:
PINTO0309/FastestDet ``utils/tool.py`` ``handle_preds`` (commit 0be38bca49d6, BSD-3-Clause).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.families.boxes import of_centres
from detectors.families.family import Candidates, Head, activated_twice
from detectors.families.grid import cells as cells_of
from detectors.families.rows import rgb_shares
from detectors.manifest import LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature
    from detectors.manifest import InputSpec

STRIDE: Final = 16
BOX: Final = 1
CLASSES: Final = 5
"""Where box and classes begin within a cell: objectness, x, y, w, h, classes."""
ROUNDING: Final = 0.01
OBJECT_POWER: Final = 0.6
CLASS_POWER: Final = 0.4


class FastestDet:
    """Output [n,5+classes,h/16,w/16]: scores after sigmoid and softmax, boxes before tanh (x, y) and sigmoid
    (w, h)."""

    def recognise(self, signature: Signature) -> Head | None:
        found = signature.only()
        if found is None:
            return None
        name, shape = found
        grid = (signature.height // STRIDE, signature.width // STRIDE)
        if len(shape) != 4 or shape[2:] != grid or not shape[1] or shape[1] <= CLASSES:
            return None
        if self._contradicted(signature, name):
            return None
        return Head(signature.width, signature.height, (STRIDE,), shape[1] - CLASSES, (name,))

    @staticmethod
    def _contradicted(signature: Signature, name: str) -> bool:
        """Whether a run showed that scores are not after one sigmoid, or softmax."""
        cells = signature.values(name)
        if cells is None:
            return False
        objectness, scores = cells[:, :BOX], cells[:, CLASSES:]
        least, most = min(objectness.min(), scores.min()), max(objectness.max(), scores.max())
        return bool(least < -ROUNDING or most > 1 + ROUNDING) or activated_twice(objectness)

    def input(self, head: Head) -> InputSpec:
        spec = rgb_shares(head, LetterboxSpec(mode="stretch", scaling="area"))
        return spec.model_copy(update={"channels": "bgr"})

    def gate(self, nodes: Nodes, head: Head) -> str:
        objectness = nodes.slice(self._cells(nodes, head), 1, 0, BOX)
        return nodes.op("Pow", nodes.op("Squeeze", objectness, nodes.ints([1])), nodes.floats(OBJECT_POWER))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        columns = nodes.columns(self._cells(nodes, head), CLASSES + head.classes, cells)
        objectness = nodes.op("Pow", nodes.slice(columns, 1, 0, BOX), nodes.floats(OBJECT_POWER))
        classes = nodes.slice(columns, 1, CLASSES, CLASSES + head.classes)
        if head.deferred:
            classes = nodes.op("Softmax", classes, axis=1)
        scores = nodes.op("Mul", nodes.op("Pow", classes, nodes.floats(CLASS_POWER)), objectness)
        box = nodes.op("Transpose", nodes.slice(columns, 1, BOX, CLASSES), perm=[0, 2, 1])
        grid = cells_of(head.width, head.height, head.strides)
        corner = nodes.op("Gather", nodes.floats(grid[:, :2]), cells)
        inside = nodes.op("Add", nodes.op("Tanh", nodes.slice(box, 2, 0, 2)), corner)
        centre = nodes.op("Mul", inside, nodes.floats(STRIDE))
        share = nodes.op("Sigmoid", nodes.slice(box, 2, 2, 4))
        size = nodes.op("Mul", share, nodes.floats([head.width, head.height]))
        return Candidates(of_centres(nodes, centre, size), scores)

    def _cells(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("Reshape", head.outputs[0], nodes.ints([0, CLASSES + head.classes, -1]))
