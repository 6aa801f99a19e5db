"""Queries that each find one object: DETR and what came of it.

RT-DETR and its heirs choose their boxes themselves: ``triples.py``. DETR keeps the proportions of a picture
and tells by a mask what is padding; exports lack the mask, so pictures are stretched.

Source of detr: facebookresearch/detr ``models/detr.py`` ``PostProcess`` (commit 0217b40fb806, Apache-2.0).
Source of deformable-detr: fundamentalvision/Deformable-DETR ``models/deformable_detr.py`` ``PostProcess``
(commit 1212c970d85a, Apache-2.0); roboflow/rf-detr ``rfdetr/models/lwdetr.py`` ``PostProcess`` (commit
b95ff53c87f8, Apache-2.0) and ``rfdetr/deploy/export.py`` ``make_infer_image`` (commit ae335e1dcc71,
Apache-2.0).
Source of rt-detr-ultralytics: ultralytics/ultralytics ``ultralytics/nn/modules/head.py``
``RTDETRDecoder.forward`` (commit 001ce22b0ece, AGPL-3.0; only the layout is read here).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.coco import COCO_IDS
from detectors.families.boxes import Meaning, corners_of, meaning, the_boxes
from detectors.families.family import Candidates, Head
from detectors.families.rows import BOX, STRETCH, ClassRows, rgb_imagenet, rgb_shares
from detectors.manifest import InputSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature

COCO_NUMBERS: Final = COCO_IDS[-1] + 1
"""From 0, which is no class, to the last."""
CENTRES_IN_SHARES: Final = Meaning("cxcywh", shares=True)
MOST_QUERIES: Final = 1500
"""More than any of them has; heads with more predict from the cells of a grid."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Logits [n,queries,classes] and boxes [n,queries,4], centre and size in shares of the picture.

    Attributes:
        softmax: whether classes exclude one another and the last one is "no object"; else each has a sigmoid.
    """

    softmax: bool

    def recognise(self, signature: Signature) -> Head | None:
        shapes = {name: shape for name, shape in signature.outputs.items() if len(shape) == 3}
        boxes = the_boxes([name for name, shape in shapes.items() if shape[2] == 4])
        logits = [name for name in shapes if name != boxes]
        if boxes is None or len(logits) != 1:
            return None
        queries, columns = shapes[logits[0]][1:]
        if not columns or queries != shapes[boxes][1] or not (queries or 1) <= MOST_QUERIES:
            return None
        numbered = columns - 1 if self.softmax else columns
        # Models of COCO number their classes as its annotations do, with gaps, from 1 on.
        gaps = numbered == COCO_NUMBERS and signature.labels is None
        classes = len(COCO_IDS) if gaps else numbered
        told = meaning(signature, signature.rows(boxes), CENTRES_IN_SHARES)
        if told is None or classes < 1:
            return None
        outputs = (logits[0], boxes)
        return Head(
            signature.width,
            signature.height,
            (),
            classes,
            outputs,
            suppress=False,
            shapes=tuple(shapes[name] for name in outputs),
            form=told.form,
            shares=told.shares,
        )

    def input(self, head: Head) -> InputSpec:
        return rgb_imagenet(head)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("ReduceMax", self._scores(nodes, head), axes=[2], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        boxes = corners_of(nodes, nodes.rows(head.outputs[1], cells), head)
        scores = nodes.rows(self._scores(nodes, head), cells)
        scores = nodes.op("Transpose", scores, perm=[0, 2, 1])
        return Candidates(boxes, scores)

    def _scores(self, nodes: Nodes, head: Head) -> str:
        logits = head.outputs[0]
        scores = nodes.op("Softmax", logits, axis=2) if self.softmax else nodes.op("Sigmoid", logits)
        if head.classes == len(COCO_IDS) and head.shapes[0][2] in (COCO_NUMBERS, COCO_NUMBERS + 1):
            return nodes.op("Gather", scores, nodes.ints(COCO_IDS), axis=2)
        return nodes.slice(scores, 2, 0, head.classes)


class QueryRows(ClassRows):
    """Output [n,queries,4+classes]: centre and size in shares of the picture, class scores after the
    sigmoid."""

    def recognise(self, signature: Signature) -> Head | None:
        found = signature.only()
        if found is None or len(found[1]) != 3:
            return None
        name, (_, queries, columns) = found
        if not columns or columns <= BOX or not queries or queries > MOST_QUERIES:
            return None
        # Only that all of it is shares tells it from rows in pixels.
        if not signature.shares(name):
            return None
        rows = signature.rows(name)
        told = meaning(signature, None if rows is None else rows[:, :BOX], CENTRES_IN_SHARES)
        if told is None:
            return None
        size = signature.width, signature.height
        return Head(*size, (), columns - BOX, (name,), suppress=False, form=told.form, shares=told.shares)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, STRETCH)
