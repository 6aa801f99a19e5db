"""Rows that are final: the model has chosen among its boxes itself.

Source of end-to-end: ultralytics/ultralytics ``ultralytics/nn/modules/head.py`` ``Detect.postprocess``,
``Pose.postprocess``, ``OBB.postprocess`` (commit 001ce22b0ece, AGPL-3.0; only the layout is read here): v10,
YOLO26, and any export with ``nms=True``.
Source of efficientdet: google/automl ``efficientdet/inference.py`` ``det_post_process_combined``,
``image_preprocess`` (commit 017776d2e141, Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.coco import COCO_LABELS
from detectors.families.boxes import of_yxyx
from detectors.families.family import Candidates, Head
from detectors.families.labelled import classes_of, from_coco, of_ones, scores_of
from detectors.families.rows import CENTRE, rgb_shares
from detectors.families.ultralytics import enclosing, extra_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.families.family import Signature
    from detectors.nodes import Nodes

MOST_ROWS: Final = 2000
"""More than any model leaves over; with more it is no final list."""
BOX, SCORE, NUMBER = 4, 5, 6
"""Ends of the box, of the score and of the number of the class within a row."""


class EndToEnd:
    """Output [n,k,6]: x1, y1, x2, y2, score, class; of a turned box x, y, w, h, score, class, angle."""

    def recognise(self, signature: Signature) -> Head | None:
        name, shape = next(iter(signature.outputs.items()), ("", ()))
        extra = extra_of(signature)
        if extra is None or len(shape) != 3 or shape[2] != NUMBER + extra.columns:
            return None
        if not (shape[1] or 1) <= MOST_ROWS or not _whole(signature, name, SCORE):
            return None
        size = signature.width, signature.height
        classes = classes_of(signature)
        return Head(*size, (), classes, (name,), suppress=False, turned=extra.turned, ignored=extra.said)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, CENTRE)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return column(nodes, head.outputs[0], BOX)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        boxes = nodes.slice(rows, 2, 0, BOX)
        if head.turned:
            boxes = enclosing(nodes, boxes, nodes.slice(rows, 2, NUMBER, NUMBER + 1), 2)
        scores = scores_of(nodes, column(nodes, rows, SCORE), column(nodes, rows, BOX), head.classes)
        return Candidates(boxes, scores)


class EfficientDet:
    """Output [n,k,7]: number of the picture, y1, x1, y2, x2, score, class from 1 on."""

    def recognise(self, signature: Signature) -> Head | None:
        found = signature.only()
        if found is None:
            return None
        name, shape = found
        if len(shape) != 3 or shape[2] != 7 or not (shape[1] or 1) <= MOST_ROWS:
            return None
        if not _whole(signature, name, NUMBER):
            return None
        classes = classes_of(signature)
        gaps = classes == len(COCO_LABELS)
        return Head(signature.width, signature.height, (), classes, (name,), suppress=False, gaps=gaps)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width,
            height=head.height,
            channels="rgb",
            letterbox=LetterboxSpec(mode="top-left", pad=0),
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        return column(nodes, head.outputs[0], 5)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        boxes = of_yxyx(nodes, nodes.slice(rows, 2, 1, 5))
        numbers = column(nodes, rows, 6)
        numbers = from_coco(nodes, numbers) if head.gaps else of_ones(nodes, numbers)
        return Candidates(boxes, scores_of(nodes, numbers, column(nodes, rows, 5), head.classes))


def _whole(signature: Signature, name: str, at: int) -> bool:
    """Whether a column holds whole numbers, as classes are, as far as a run told: some exports have class and
    score the other way round."""
    rows = signature.values(name)
    if rows is None:
        return True
    numbers = rows[..., at]
    return bool((numbers == numbers.round())[np.isfinite(numbers)].all())


def column(nodes: Nodes, rows: str, number: int) -> str:
    """One column of rows [n,k,c], as [n,k]."""
    return nodes.op("Squeeze", nodes.slice(rows, 2, number, number + 1), nodes.ints([2]))
