"""Heads that name the class of a box by its number, with one score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from detectors.coco import COCO_IDS, COCO_LABELS
from detectors.families.boxes import meaning
from detectors.families.family import Head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.boxes import Meaning
    from detectors.families.family import Numbering, Shape, Signature


def scores_of(nodes: Nodes, numbers: str, scores: str, classes: int) -> str:
    """Scores [n,classes,k]: that of each box at the number of its class, 0 elsewhere.

    Args:
        nodes: under construction.
        numbers: of the classes, float32 [n,k].
        scores: float32 [n,k].
        classes: how many there are; boxes of other numbers count for nothing.
    """
    every = nodes.floats(np.arange(classes).reshape(1, -1, 1))
    mine = nodes.op("Equal", nodes.op("Unsqueeze", numbers, nodes.ints([1])), every)
    return nodes.op("Where", mine, nodes.op("Unsqueeze", scores, nodes.ints([1])), nodes.floats(0.0))


def classes_of(signature: Signature) -> int:
    """How many classes a model has whose outputs do not tell: as many as have names, else those of COCO."""
    return len(signature.labels) if signature.labels else len(COCO_LABELS)


def final_head(
    signature: Signature,
    outputs: tuple[str, ...],
    boxes: NDArray[np.float32] | None,
    usual: Meaning,
    numbering: Numbering,
    shapes: tuple[Shape, ...] = (),
) -> Head | None:
    """The head of final boxes with the numbers of their classes; None where a run showed no such boxes.

    Args:
        signature: of the model.
        outputs: as the decode expects them.
        boxes: that a run showed, [k,4]; None where it was not run.
        usual: what boxes of this family mean where no run tells.
        numbering: of its classes.
        shapes: of these outputs, where the decode depends on them.
    """
    told = meaning(signature, boxes, usual)
    if told is None:
        return None
    return Head(
        signature.width,
        signature.height,
        (),
        classes_of(signature),
        outputs,
        suppress=False,
        shapes=shapes,
        form=told.form,
        shares=told.shares,
        numbering=numbering,
    )


def numbering_of(signature: Signature, first: int, *, annotated: bool = False) -> Numbering:
    """How a family numbers its classes whose first has this number; ``annotated``, with the gaps of COCO's
    annotations also where that is 0."""
    coco = classes_of(signature) == len(COCO_LABELS) and not contiguous(signature.depths)
    if coco and (first or annotated):
        return "coco" if first else "coco-zero"
    return "one" if first else "zero"


def from_zero(nodes: Nodes, numbers: str, head: Head) -> str:
    """Classes from 0 on, of numbers as the head has them."""
    if head.numbering == "coco-zero":
        return from_coco(nodes, nodes.op("Add", numbers, nodes.floats(1.0)))
    if head.numbering == "coco":
        return from_coco(nodes, numbers)
    return nodes.op("Sub", numbers, nodes.floats(1.0)) if head.numbering == "one" else numbers


def contiguous(depths: frozenset[int]) -> bool:
    """Whether a graph of 80 classes numbers them from 1 to 80, not as COCO's annotations up to 90: it has
    weights for 81 classes or a multiple of them, background included, and none for 91."""
    plain, gaps = (any(size % count == 0 for size in depths if size) for count in (81, 91))
    return plain and not gaps


def from_coco(nodes: Nodes, numbers: str) -> str:
    """The 80 classes, of the numbers that COCO's annotations have."""
    table = np.full(COCO_IDS[-1] + 2, -1)
    table[list(COCO_IDS)] = range(len(COCO_LABELS))
    within = nodes.op("Clip", numbers, nodes.floats(0.0), nodes.floats(len(table) - 1))
    return nodes.op("Gather", nodes.floats(table), nodes.op("Cast", within, to=TensorProto.INT64))
