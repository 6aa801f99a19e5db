"""Rows that are final: the model has chosen among its boxes itself.

Source of end-to-end: ultralytics/ultralytics ``ultralytics/nn/modules/head.py`` ``Detect.postprocess``,
``Pose.postprocess``, ``OBB.postprocess`` (commit 001ce22b0ece, AGPL-3.0; only the layout is read here): v10,
YOLO26, and any export with ``nms=True``.
Source of efficientdet: google/automl ``efficientdet/inference.py`` ``det_post_process_combined``,
``image_preprocess`` (commit 017776d2e141, Apache-2.0).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import Meaning, corners_of
from detectors.families.family import Candidates, Head
from detectors.families.labelled import final_head, from_zero, numbering_of, scores_of
from detectors.families.rows import CENTRE, rgb_shares
from detectors.families.ultralytics import enclosing, extra_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature

MOST_ROWS: Final = 2000
"""More than any model leaves over; with more it is no final list."""
CORNERS: Final = Meaning("xyxy", shares=False)
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
        rows = None if extra.turned else signature.rows(name)
        head = final_head(signature, (name,), None if rows is None else rows[:, :BOX], CORNERS, "zero")
        if head is None:
            return None
        form = "" if extra.turned else head.form
        return replace(head, turned=extra.turned, ignored=extra.said, form=form)

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, CENTRE)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return column(nodes, head.outputs[0], BOX)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        boxes = nodes.slice(rows, 2, 0, BOX)
        if head.turned:
            boxes = enclosing(nodes, boxes, nodes.slice(rows, 2, NUMBER, NUMBER + 1), 2)
        else:
            boxes = corners_of(nodes, boxes, head)
        numbers = from_zero(nodes, column(nodes, rows, SCORE), head)
        return Candidates(boxes, scores_of(nodes, numbers, column(nodes, rows, BOX), head.classes))


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
        rows = signature.rows(name)
        boxes = None if rows is None else rows[:, 1:5]
        usual = Meaning("yxyx", shares=False)
        return final_head(signature, (name,), boxes, usual, numbering_of(signature, 1))

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
        boxes = corners_of(nodes, nodes.slice(rows, 2, 1, 5), head)
        numbers = from_zero(nodes, column(nodes, rows, 6), head)
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
