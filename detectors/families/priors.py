"""RetinaNet as its head answers: class scores and offsets of nine priors for each cell of five grids.

Source of retinanet: pytorch/vision ``torchvision/models/detection/retinanet.py``
``RetinaNet.postprocess_detections`` (commit 01fdb48883a5, BSD-3-Clause),
``torchvision/models/detection/anchor_utils.py`` ``AnchorGenerator`` (commit 017c63441e55, BSD-3-Clause),
``torchvision/models/detection/_utils.py`` ``BoxCoder.decode_single`` (commit 02845439f059, BSD-3-Clause) and
``torchvision/models/detection/transform.py`` ``GeneralizedRCNNTransform`` (commit 01fdb48883a5,
BSD-3-Clause).
Source of retinanet-scored: yhenon/pytorch-retinanet ``retinanet/anchors.py`` ``generate_anchors``, ``shift``
(commit 5a5c32f277ce, Apache-2.0), ``retinanet/utils.py`` ``BBoxTransform`` (commit 3eea11e4f9cd, Apache-2.0),
``retinanet/model.py`` ``ClassificationModel`` (commit 3eea11e4f9cd, Apache-2.0) and
``retinanet/dataloader.py`` ``Resizer``, ``Normalizer`` (commit 40f4c46c6d11, Apache-2.0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.coco import COCO_IDS
from detectors.families.boxes import of_centres, the_boxes
from detectors.families.detr import COCO_NUMBERS
from detectors.families.family import Candidates, Head
from detectors.families.rows import rgb_imagenet
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature

STRIDES: Final = (8, 16, 32, 64, 128)
RATIOS: Final = (0.5, 1.0, 2.0)
"""Height by width."""
SCALES: Final = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
TOP_LEFT: Final = LetterboxSpec(mode="top-left", pad=116)
"""The grey nearest to ImageNet's mean: both fill up with zeros behind the normalisation."""
LARGEST_LOG: Final = math.log(1000 / 16)
"""Sizes end at this many times their prior, as torchvision has it."""


@dataclass(frozen=True, slots=True)
class Retinanet:
    """Scores [n,priors,classes] and offsets [n,priors,4].

    Attributes:
        logits: whether scores are before their sigmoid.
        corner: whether a cell's point is its first corner; else its middle.
        variance: by which offsets of the centre and of the size are multiplied.
        whole: whether sides of priors are rounded, and the first size of each grid, in strides.
    """

    logits: bool
    corner: bool
    variance: tuple[float, float]
    whole: bool

    def recognise(self, signature: Signature) -> Head | None:
        if len(signature.outputs) != 2 or any(len(shape) != 3 for shape in signature.outputs.values()):
            return None
        offsets = the_boxes([name for name, shape in signature.outputs.items() if shape[2] == 4])
        if offsets is None:
            offsets = next((name for name in signature.outputs if "regression" in name.lower()), None)
        [scores] = [name for name in signature.outputs if name != offsets] if offsets else [None]
        if offsets is None or scores is None:
            return None
        count = len(_priors(signature.width, signature.height, self.whole, self.corner))
        shape = signature.outputs[scores]
        if {shape[1], signature.outputs[offsets][1]} != {count} or not shape[2]:
            return None
        if signature.shares(scores) is self.logits:
            return None
        gaps = shape[2] == COCO_NUMBERS and signature.labels is None
        return Head(
            signature.width,
            signature.height,
            STRIDES,
            len(COCO_IDS) if gaps else shape[2],
            (offsets, scores),
            gaps=gaps,
        )

    def input(self, head: Head) -> InputSpec:
        return rgb_imagenet(head, TOP_LEFT)

    def gate(self, nodes: Nodes, head: Head) -> str:
        best = nodes.op("ReduceMax", self._classes(nodes, head, head.outputs[1]), axes=[2], keepdims=0)
        return nodes.op("Sigmoid", best) if self.logits else best

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        offsets = nodes.rows(head.outputs[0], cells)
        scores = self._classes(nodes, head, nodes.rows(head.outputs[1], cells))
        scores = nodes.op("Sigmoid", scores) if self.logits else scores
        table = _priors(head.width, head.height, self.whole, self.corner)
        middle = nodes.op("Gather", nodes.floats(table[:, :2]), cells)
        size = nodes.op("Gather", nodes.floats(table[:, 2:]), cells)
        moved = nodes.op("Mul", nodes.slice(offsets, 2, 0, 2), nodes.floats(self.variance[0]))
        grown = nodes.op("Mul", nodes.slice(offsets, 2, 2, 4), nodes.floats(self.variance[1]))
        grown = nodes.op("Exp", nodes.op("Min", grown, nodes.floats(LARGEST_LOG)))
        centre = nodes.op("Add", nodes.op("Mul", moved, size), middle)
        boxes = of_centres(nodes, centre, nodes.op("Mul", grown, size))
        return Candidates(boxes, nodes.op("Transpose", scores, perm=[0, 2, 1]))

    @staticmethod
    def _classes(nodes: Nodes, head: Head, scores: str) -> str:
        return nodes.op("Gather", scores, nodes.ints(COCO_IDS), axis=2) if head.gaps else scores


def _priors(width: int, height: int, whole: bool, corner: bool) -> NDArray[np.float32]:
    """Centre and size of every prior in input pixels, [priors,4]: cell by cell, ratio by ratio."""
    tables = []
    for stride in STRIDES:
        rows, columns = -(-height // stride), -(-width // stride)
        # torchvision writes its sizes as whole numbers (int), and rounds their halves again.
        sides = [int(4 * stride * scale) if whole else 4 * stride * scale for scale in SCALES]
        sizes = [(side / math.sqrt(ratio), side * math.sqrt(ratio)) for ratio in RATIOS for side in sides]
        if whole:
            sizes = [(2 * float(np.round(w / 2)), 2 * float(np.round(h / 2))) for w, h in sizes]
        row, column, prior = np.indices((rows, columns, len(sizes))).reshape(3, -1)
        across, down = (width // columns, height // rows) if corner else (stride, stride)
        half = 0.0 if corner else 0.5
        places = [(column + half) * across, (row + half) * down]
        tables.append(np.column_stack([*places, np.array(sizes)[prior]]))
    return np.concatenate(tables).astype(np.float32)


RETINANET: Final = Retinanet(logits=True, corner=True, variance=(1.0, 1.0), whole=True)
RETINANET_SCORED: Final = Retinanet(logits=False, corner=False, variance=(0.1, 0.2), whole=False)
