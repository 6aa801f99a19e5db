"""One row per cell: x, y, w, h, objectness, classes. What the families of such heads share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import Meaning, corners_of, meaning
from detectors.families.family import Candidates, Head, Signature, activated_twice
from detectors.families.grid import strides_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape

CENTRE: Final = LetterboxSpec(mode="centre")
GREY: Final = LetterboxSpec(mode="centre", pad=128)
"""Darknet's and its heirs'; Ultralytics fill up with 114."""
STRETCH: Final = LetterboxSpec(mode="stretch")
IMAGENET_MEAN: Final = (123.675, 116.28, 103.53)
IMAGENET_STD: Final = (58.395, 57.12, 57.375)
BOX: Final = 4
OBJECTNESS: Final = 5
"""Ends of the box and of the objectness within a row."""
CENTRES: Final = Meaning("cxcywh", shares=False)
CELLS: Final = 50
"""That show whether class scores hold the objectness already; fewer may do so by chance."""
ROUNDING: Final = 1.001
"""By which a score may pass the objectness that it holds."""


class Rows:
    """Output [n,cells,5+classes], scores after the sigmoid; boxes are centre and size in input pixels, unless
    a run shows otherwise. Where no class score of any cell is above its objectness, it holds that already:
    YOLOv6 writes 1 in its place.

    Attributes:
        anchors: boxes that each place of a grid predicts.
    """

    anchors = 1

    def recognise(self, signature: Signature) -> Head | None:
        found = signature.only() or self.beside_maps(signature)
        if found is None:
            return None
        name, shape = found
        if len(shape) != 3 or shape[2] is None or shape[2] <= OBJECTNESS or (shape[1] or 1) % self.anchors:
            return None
        places = shape[1] // self.anchors if shape[1] else None
        strides = strides_of(signature.width, signature.height, places)
        if strides is None:
            return None
        rows = signature.rows(name)
        told = self.meaning(signature, rows, strides)
        if told is None or (rows is not None and activated_twice(rows[:, BOX])):
            return None
        return Head(
            signature.width,
            signature.height,
            strides,
            shape[2] - OBJECTNESS,
            (name,),
            ignored="the maps that its rows are made of" if len(signature.outputs) > 1 else "",
            form=told.form,
            shares=told.shares,
            joined=rows is not None and _joined(rows),
        )

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, CENTRE)

    def gate(self, nodes: Nodes, head: Head) -> str:
        if head.joined:
            classes = nodes.slice(head.outputs[0], 2, OBJECTNESS, OBJECTNESS + head.classes)
            return nodes.op("ReduceMax", classes, axes=[2], keepdims=0)
        # score = objectness * class <= objectness, and objectness alone is 80 times less to read.
        objectness = nodes.slice(head.outputs[0], 2, BOX, OBJECTNESS)
        return nodes.op("Squeeze", objectness, nodes.ints([2]))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        if head.joined:
            scores = nodes.slice(rows, 2, OBJECTNESS, OBJECTNESS + head.classes)
            scores = nodes.op("Transpose", scores, perm=[0, 2, 1])
        else:
            scores = products(nodes, rows, head.classes)
        return Candidates(self.boxes(nodes, head, rows, cells), scores)

    def beside_maps(self, signature: Signature) -> tuple[str, Shape] | None:
        """The rows of an export that gives out the maps [n,anchors,h,w,columns] they come from, too."""
        rows = [(name, shape) for name, shape in signature.outputs.items() if len(shape) == 3]
        maps = [shape for shape in signature.outputs.values() if len(shape) == 5]
        if len(rows) != 1 or len(rows) + len(maps) != len(signature.outputs):
            return None
        columns = rows[0][1][2]
        return rows[0] if all(shape[1] == self.anchors and shape[4] == columns for shape in maps) else None

    def meaning(
        self, signature: Signature, rows: NDArray[np.float32] | None, strides: tuple[int, ...]
    ) -> Meaning | None:
        """What the boxes of rows [k,columns] are; None where a run showed that they mean something else."""
        return meaning(signature, None if rows is None else rows[:, :BOX], CENTRES, self.anchors)

    def boxes(self, nodes: Nodes, head: Head, rows: str, cells: str) -> str:
        """Boxes [n,k,4] of the chosen rows."""
        return corners_of(nodes, nodes.slice(rows, 2, 0, BOX), head)


class ClassRows:
    """Output [n,rows,4+classes], scores after the sigmoid, without objectness; boxes are what the head
    tells."""

    def gate(self, nodes: Nodes, head: Head) -> str:
        classes = nodes.slice(head.outputs[0], 2, BOX, BOX + head.classes)
        return nodes.op("ReduceMax", classes, axes=[2], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        rows = nodes.rows(head.outputs[0], cells)
        scores = nodes.slice(rows, 2, BOX, BOX + head.classes)
        boxes = corners_of(nodes, nodes.slice(rows, 2, 0, BOX), head)
        return Candidates(boxes, nodes.op("Transpose", scores, perm=[0, 2, 1]))


def _joined(rows: NDArray[np.float32]) -> bool:
    """Whether class scores of rows [k,columns] hold the objectness already."""
    objectness, best = rows[:, BOX], rows[:, OBJECTNESS:].max(axis=1)
    telling = best > 0
    return bool(telling.sum() >= CELLS and (best <= objectness * ROUNDING)[telling].all())


def products(nodes: Nodes, rows: str, classes: int) -> str:
    """Scores [n,classes,k]: objectness times class."""
    scores = nodes.op(
        "Mul",
        nodes.slice(rows, 2, OBJECTNESS, OBJECTNESS + classes),
        nodes.slice(rows, 2, BOX, OBJECTNESS),
    )
    return nodes.op("Transpose", scores, perm=[0, 2, 1])


def rgb_shares(head: Head, letterbox: LetterboxSpec, white: float = 255.0) -> InputSpec:
    """Red, green, blue, divided by ``white``: from 0 to 1 unless said."""
    return InputSpec(
        width=head.width, height=head.height, channels="rgb", std=(white, white, white), letterbox=letterbox
    )


def rgb_centred(head: Head) -> InputSpec:
    """Red, green, blue from -1 to 1, of stretched pictures."""
    middle = (127.5, 127.5, 127.5)
    return InputSpec(
        width=head.width, height=head.height, channels="rgb", mean=middle, std=middle, letterbox=STRETCH
    )


def rgb_imagenet(head: Head, letterbox: LetterboxSpec = STRETCH) -> InputSpec:
    """Red, green, blue, less the mean of ImageNet's pictures and divided by their deviation."""
    return InputSpec(
        width=head.width,
        height=head.height,
        channels="rgb",
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        letterbox=letterbox,
    )
