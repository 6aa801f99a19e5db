"""Boxes of all cells in one output, their class scores in another, both decoded.

Source of yolo-nas: Deci-AI/super-gradients
``src/super_gradients/training/models/detection_models/yolo_nas/dfl_heads.py`` ``NDFLHeads.forward_eval``
(commit 0b2c326790b9, Apache-2.0) and ``src/super_gradients/training/processing/processing.py``
``default_yolo_nas_coco_processing_params`` (commit 5c4b24fd915e, Apache-2.0); of the
same layout tinyvision/DAMO-YOLO ``damo/base_models/heads/zero_head.py`` ``forward_eval`` (commit
44c3506171b0, Apache-2.0).
Source of pp-yoloe: PaddlePaddle/PaddleDetection ``ppdet/modeling/heads/ppyoloe_head.py``
``PPYOLOEHead.post_process`` (commit cb661af1ae6b, Apache-2.0), ``ppdet/modeling/heads/pico_head.py``
``PicoHead.post_process`` (commit c6839eab4e25, Apache-2.0) and
``configs/ppyoloe/_base_/ppyoloe_plus_reader.yml`` (commit 327a74f6ad78, Apache-2.0): without suppression.
Source of yolov4-decoded: Tianxiaomo/pytorch-YOLOv4 ``tool/yolo_layer.py`` ``yolo_forward_dynamic`` (commit
01fd75025549, Apache-2.0).
Source of ultraface, ultraface-raw: Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB
``vision/utils/box_utils.py`` ``generate_priors``, ``convert_locations_to_boxes`` (commit 72957f437dc0, MIT)
and ``vision/ssd/config/fd_config.py`` (commit 1c966274fbac, MIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import Meaning, at_places, corners_of, meaning, of_centres, of_shares, the_boxes
from detectors.families.family import Candidates, Head
from detectors.families.rows import CENTRE, STRETCH, rgb_shares
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape, Signature

FEWEST: Final = 50
"""Cells of the smallest grid; shorter lists are final."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Boxes xyxy [n,cells,4] or [n,cells,1,4], and scores [n,cells,classes] or [n,classes,cells].

    Attributes:
        scores_last: whether classes are the last axis of the scores.
        shares: whether boxes are in shares of the picture, not in pixels, where no run tells.
        rank: of the boxes.
        letterbox: how pictures are fitted in.
    """

    scores_last: bool
    shares: bool = False
    rank: int = 3
    letterbox: LetterboxSpec = CENTRE

    def recognise(self, signature: Signature) -> Head | None:
        outputs = _outputs(signature, self.rank)
        if outputs is None:
            return None
        shapes = tuple(signature.outputs[name] for name in outputs)
        cells = shapes[0][1]
        count, classes = shapes[1][1:] if self.scores_last else shapes[1][:0:-1]
        if count != cells or not classes or (cells or FEWEST) < FEWEST:
            return None
        told = meaning(signature, signature.rows(outputs[0]), Meaning("xyxy", self.shares))
        if told is None:
            return None
        size = signature.width, signature.height
        return Head(*size, (), classes, outputs, shapes=shapes, shares=told.shares, form=told.form)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, self.letterbox)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("ReduceMax", head.outputs[1], axes=[2 if self.scores_last else 1], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        boxes = head.outputs[0]
        boxes = nodes.op("Squeeze", boxes, nodes.ints([2])) if self.rank == 4 else boxes
        boxes = nodes.rows(boxes, cells)
        boxes = corners_of(nodes, boxes, head)
        if self.scores_last:
            scores = nodes.op("Transpose", nodes.rows(head.outputs[1], cells), perm=[0, 2, 1])
        else:
            scores = nodes.columns(head.outputs[1], head.classes, cells)
        return Candidates(boxes, scores)


@dataclass(frozen=True, slots=True)
class UltraFace:
    """Scores [n,cells,1+classes], background first, and boxes [n,cells,4] in shares of the picture.

    Attributes:
        raw: whether boxes are offsets from priors; else xyxy.
    """

    raw: bool

    def recognise(self, signature: Signature) -> Head | None:
        outputs = _outputs(signature, 3)
        if outputs is None:
            return None
        boxes, scores = (signature.outputs[name] for name in outputs)
        if (
            (scores[2] or 0) < 2
            or boxes[1] != scores[1]
            or boxes[1] != len(priors(signature.width, signature.height))
        ):
            return None
        if self.raw == _are_corners(signature, outputs[0]) or self._elsewhere(signature, outputs[0]):
            return None
        classes = (scores[2] or 0) - 1
        labels = signature.labels or ("face",) if classes == 1 else None
        return Head(signature.width, signature.height, (), classes, outputs, labels)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width,
            height=head.height,
            channels="rgb",
            mean=(127.0, 127.0, 127.0),
            std=(128.0, 128.0, 128.0),
            letterbox=STRETCH,
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        if head.classes == 1:
            return nodes.op("Squeeze", nodes.slice(head.outputs[1], 2, 1, 2), nodes.ints([2]))
        scores = nodes.slice(head.outputs[1], 2, 1, 1 + head.classes)
        return nodes.op("ReduceMax", scores, axes=[2], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        scores = nodes.slice(nodes.rows(head.outputs[1], cells), 2, 1, 1 + head.classes)
        boxes = nodes.rows(head.outputs[0], cells)
        if self.raw:
            boxes = self._decoded(nodes, head, boxes, cells)
        boxes = of_shares(nodes, boxes, head.width, head.height)
        return Candidates(boxes, nodes.op("Transpose", scores, perm=[0, 2, 1]))

    def _elsewhere(self, signature: Signature, name: str) -> bool:
        """Whether boxes lie at their priors, but are no corners x before y."""
        boxes = signature.rows(name)
        if boxes is None or self.raw:
            return False
        table = priors(signature.width, signature.height)
        side = np.array([signature.width, signature.height])
        grid = np.column_stack([table[:, :2] * side, (table[:, 2:] * side).max(axis=1)])
        told = at_places(signature, boxes, grid.astype(np.float32))
        return told is not None and told != Meaning("xyxy", shares=True)

    def _decoded(self, nodes: Nodes, head: Head, offsets: str, cells: str) -> str:
        table = priors(head.width, head.height)
        middle = nodes.op("Gather", nodes.floats(table[:, :2]), cells)
        size = nodes.op("Gather", nodes.floats(table[:, 2:]), cells)
        moved = nodes.op("Mul", nodes.slice(offsets, 2, 0, 2), nodes.floats(CENTRE_VARIANCE))
        centre = nodes.op("Add", nodes.op("Mul", moved, size), middle)
        grown = nodes.op("Exp", nodes.op("Mul", nodes.slice(offsets, 2, 2, 4), nodes.floats(SIZE_VARIANCE)))
        return of_centres(nodes, centre, nodes.op("Mul", grown, size))


CENTRE_VARIANCE: Final = 0.1
SIZE_VARIANCE: Final = 0.2
FACES: Final = {8: (10.0, 16.0, 24.0), 16: (32.0, 48.0), 32: (64.0, 96.0), 64: (128.0, 192.0, 256.0)}
"""Sides of the square priors in input pixels, by stride."""


def priors(width: int, height: int) -> NDArray[np.float32]:
    """Centre and size of every prior in shares of the picture, [priors,4]."""
    tables = []
    for stride, sides in FACES.items():
        # A last cell that is cut off makes all of its grid smaller: 240 pixels are 4 rows of 60, not of 64.
        rows, columns = -(-height // stride), -(-width // stride)
        row, column, side = np.indices((rows, columns, len(sides))).reshape(3, -1)
        pixels = np.array(sides)[side]
        tables.append(np.column_stack([
            (column + 0.5) / columns, (row + 0.5) / rows, pixels / width, pixels / height,
        ]))  # fmt: skip
    return np.clip(np.concatenate(tables), 0, 1).astype(np.float32)


def _outputs(signature: Signature, rank: int) -> tuple[str, str] | None:
    """Names of the boxes and of the scores, where there are exactly these two."""
    if len(signature.outputs) != 2:
        return None
    boxes = the_boxes([name for name, shape in signature.outputs.items() if _holds_boxes(shape, rank)])
    scores = [name for name, shape in signature.outputs.items() if name != boxes and len(shape) == 3]
    return (boxes, scores[0]) if boxes is not None and len(scores) == 1 else None


def _are_corners(signature: Signature, name: str) -> bool | None:
    """Whether every box of an output says its corners in order; None where it was not run."""
    boxes = signature.sample.get(name)
    if boxes is None:
        return None
    corners = boxes.reshape(-1, 4).astype(np.float32)
    return bool((corners[:, 2:] >= corners[:, :2]).all())


def _holds_boxes(shape: Shape, rank: int) -> bool:
    return len(shape) == rank and shape[-1] == 4 and (rank == 3 or shape[2] == 1)


YOLO_NAS: Final = Pairs(scores_last=True)
PP_YOLOE: Final = Pairs(scores_last=False, letterbox=STRETCH)
YOLOV4_DECODED: Final = Pairs(scores_last=True, shares=True, rank=4, letterbox=STRETCH)
