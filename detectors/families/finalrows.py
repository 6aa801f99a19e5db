"""Rows of several pictures in one list, final: the model has chosen among its boxes itself.

Source of paddle-final: PaddlePaddle/PaddleDetection ``ppdet/modeling/post_process.py`` ``BBoxPostProcess``
(commit 00139067715b, Apache-2.0), ``ppdet/modeling/heads/ppyoloe_head.py`` ``PPYOLOEHead.post_process``
(commit cb661af1ae6b, Apache-2.0) and ``configs/ppyoloe/_base_/ppyoloe_plus_reader.yml`` (commit 327a74f6ad78,
Apache-2.0).
Source of yolov7-final: WongKinYiu/yolov7 ``models/experimental.py`` ``ONNX_ORT.forward`` (commit
134a36fcfc81, GPL-3.0; only the layout is read here).
Source of yolo-nas-final: Deci-AI/super-gradients ``src/super_gradients/conversion/onnx/nms.py``
``PickNMSPredictionsAndReturnAsFlatResult`` (commit 0e1b8c562536, Apache-2.0); before, in ``attach_onnx_nms``
of that file (commit 015357da955c, Apache-2.0), its rows were those of yolov7-final.
Source of class-first: none found in a stored repository; written from the layout of end-to-end, with class
and score the other way round, as people's exports have it.
Source of detection-output: weiliu89/caffe ``src/caffe/layers/detection_output_layer.cpp`` ``Forward_cpu``
(commit 0f964fe9e04b, BSD-2-Clause).
Source of mmdeploy: open-mmlab/mmdeploy ``mmdeploy/codebase/mmdet/models/layers/bbox_nms.py``
``select_nms_index`` (commit f5f091eb6dcc, Apache-2.0); how pictures are prepared: open-mmlab/mmdetection
``configs/rtmdet/rtmdet_l_8xb32-300e_coco.py`` (commit 08189919e514, Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.families.boxes import corners_of
from detectors.families.endtoend import CORNERS, MOST_ROWS, column
from detectors.families.family import Candidates, Head
from detectors.families.labelled import classes_of, final_head, from_zero, scores_of
from detectors.families.rows import CENTRE, STRETCH, rgb_shares
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape, Signature


LISTED: Final = 2
"""Axes of rows without one for the batch."""


@dataclass(frozen=True, slots=True)
class FlatRows:
    """Output [k,columns], [n,k,columns] or [1,1,k,columns], with how many rows there are beside it where that
    is told.

    Attributes:
        columns: of a row.
        box: first column of x1, y1, x2, y2.
        score: column of the score.
        number: column of the class.
        counted: whether an output with the number of rows goes with it; None where either may be.
        letterbox: how pictures are fitted in.
        rare: whether a run has to show that rows are such, as other families have the same shape.
    """

    columns: int
    box: int
    score: int
    number: int
    counted: bool | None
    letterbox: LetterboxSpec = CENTRE
    rare: bool = False

    def recognise(self, signature: Signature) -> Head | None:
        rows = [(name, shape) for name, shape in signature.outputs.items() if shape[-1:] == (self.columns,)]
        rest = [shape for shape in signature.outputs.values() if shape[-1:] != (self.columns,)]
        if len(rows) != 1 or len(rest) > 1 or any(_many(shape) for shape in rest):
            return None
        if self.counted is not None and self.counted != bool(rest):
            return None
        name, shape = rows[0]
        if not _listed(shape) or not (shape[-2] or 1) <= MOST_ROWS or self._contradicted(signature, name):
            return None
        shown = signature.rows(name)
        rare = self.rare or len(shape) > LISTED or (self.counted is None and not rest)
        if rare and (shown is None or not shown[:, self.score].any()):
            return None
        boxes = None if shown is None else shown[:, self.box : self.box + 4]
        return final_head(signature, (name,), boxes, CORNERS, "zero", (shape,))

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, self.letterbox)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return column(nodes, self._rows(nodes, head), self.score)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(self._rows(nodes, head), cells)
        boxes = corners_of(nodes, nodes.slice(rows, 2, self.box, self.box + 4), head)
        numbers = from_zero(nodes, column(nodes, rows, self.number), head)
        scores = column(nodes, rows, self.score)
        return Candidates(boxes, scores_of(nodes, numbers, scores, head.classes))

    @staticmethod
    def _rows(nodes: Nodes, head: Head) -> str:
        name, rank = head.outputs[0], len(head.shapes[0])
        if rank == 2:
            return nodes.op("Unsqueeze", name, nodes.ints([0]))
        return nodes.op("Squeeze", name, nodes.ints([1])) if rank == 4 else name

    def _contradicted(self, signature: Signature, name: str) -> bool:
        """Whether what a run answered cannot be such rows: a class is a whole number, a score a share, and
        not 0 for all."""
        rows = signature.rows(name)
        if rows is None:
            return False
        numbers, scores = rows[:, self.number], rows[:, self.score]
        fits = (numbers == numbers.round()) & (scores <= 1.01) & ((scores >= 0) | (numbers < 0))
        # What fills a list up has neither score nor box.
        boxes = rows[:, self.box : self.box + 4]
        return not bool(fits.all()) or bool(boxes.any() and not scores.any())


@dataclass(frozen=True, slots=True)
class Mmdeploy:
    """Boxes with scores [n,k,5] and numbers of classes [n,k]."""

    def recognise(self, signature: Signature) -> Head | None:
        boxes = [name for name, shape in signature.outputs.items() if len(shape) == 3 and shape[2] == 5]
        numbers = [name for name, shape in signature.outputs.items() if len(shape) == 2]
        rest = [name for name in signature.outputs if name not in (*boxes, *numbers)]
        if len(boxes) != 1 or len(numbers) != 1 or numbers[0] not in signature.integer:
            return None
        masks = all(len(signature.outputs[name]) == 4 for name in rest)
        if not masks or not (signature.outputs[boxes[0]][1] or 1) <= MOST_ROWS:
            return None
        size, ignored = (signature.width, signature.height), "its masks" if rest else ""
        return Head(*size, (), classes_of(signature), (boxes[0], numbers[0]), suppress=False, ignored=ignored)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width,
            height=head.height,
            mean=(103.53, 116.28, 123.675),
            std=(57.375, 57.12, 58.395),
            letterbox=LetterboxSpec(mode="top-left"),
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        return column(nodes, head.outputs[0], 4)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        numbers = nodes.op("GatherElements", head.outputs[1], cells, axis=1)
        scores = scores_of(nodes, numbers, column(nodes, rows, 4), head.classes)
        return Candidates(nodes.slice(rows, 2, 0, 4), scores)


def _listed(shape: Shape) -> bool:
    return len(shape) in (2, 3) or (len(shape) == 4 and shape[:2] == (1, 1))


def _many(shape: Shape) -> bool:
    """Whether an output holds more than a number a picture."""
    return len(shape) > 1 or (shape[0] if shape else 1) not in (1, None)


PADDLE: Final = FlatRows(6, box=2, score=1, number=0, counted=None, letterbox=STRETCH)
CLASS_FIRST: Final = FlatRows(6, box=0, score=5, number=4, counted=False, rare=True)
DETECTION_OUTPUT: Final = FlatRows(7, box=3, score=2, number=1, counted=False, letterbox=STRETCH, rare=True)
YOLOV7_FINAL: Final = FlatRows(7, box=1, number=5, score=6, counted=False)
YOLO_NAS_FINAL: Final = FlatRows(7, box=1, score=5, number=6, counted=False)
