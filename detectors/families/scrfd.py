"""SCRFD: per stride the score of a face and the distances to the sides of its box.

Three strides have two anchors a cell, five have one. Where key points come with them, they are left aside.

Source of scrfd: deepinsight/insightface ``python-package/insightface/model_zoo/scrfd.py`` ``SCRFD.forward``,
``SCRFD.detect`` (commit 0bdfc69f36a3, MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import of_sides
from detectors.families.family import Candidates, Head
from detectors.families.grid import cells as cells_of
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape, Signature

ANCHORS: Final = {(8, 16, 32): 2, (8, 16, 32, 64, 128): 1}
"""Of a cell, by the strides of the grids."""
SCORE, SIDES, POINTS = 1, 4, 10
"""Columns of the outputs."""


class Scrfd:
    """Scores [n,places,1] and distances [n,places,4] in units of the stride; some exports lack the batch
    axis."""

    def recognise(self, signature: Signature) -> Head | None:
        heads = (self._of_strides(signature, strides) for strides in ANCHORS)
        return next((head for head in heads if head is not None), None)

    def _of_strides(self, signature: Signature, strides: tuple[int, ...]) -> Head | None:
        counts = [
            ANCHORS[strides] * -(-signature.width // stride) * -(-signature.height // stride)
            for stride in strides
        ]
        found: dict[tuple[int, int], str] = {}
        for name, shape in signature.outputs.items():
            if len(shape) not in (2, 3) or shape[-1] not in (SCORE, SIDES, POINTS):
                return None
            # Of a small picture the last grids may have as many cells: then their order tells.
            free = (
                number
                for number, count in enumerate(counts)
                if count == shape[-2] and (shape[-1], number) not in found
            )
            number = next(free, None)
            if number is None:
                return None
            found[shape[-1], number] = name
        wanted = [(columns, number) for columns in (SCORE, SIDES) for number in range(len(strides))]
        if not found.keys() >= set(wanted):
            return None
        outputs = tuple(found[each] for each in wanted)
        size, shapes = (signature.width, signature.height), tuple(signature.outputs[name] for name in outputs)
        ignored = "its key points" if len(found) > len(wanted) else ""
        labels = signature.labels or ("face",)
        return Head(*size, strides, 1, outputs, labels, shapes=shapes, ignored=ignored)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(
            width=head.width,
            height=head.height,
            channels="rgb",
            mean=(127.5, 127.5, 127.5),
            std=(128.0, 128.0, 128.0),
            letterbox=LetterboxSpec(mode="top-left", pad=0),
        )

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("Squeeze", self._all(nodes, head, 0), nodes.ints([2]))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        scores = nodes.op("Transpose", nodes.rows(self._all(nodes, head, 0), cells), perm=[0, 2, 1])
        sides = nodes.rows(self._all(nodes, head, len(head.strides)), cells)
        grid = np.repeat(cells_of(head.width, head.height, head.strides), ANCHORS[head.strides], axis=0)
        corner = nodes.op("Gather", nodes.floats(grid[:, :2] * grid[:, 2:]), cells)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        return Candidates(of_sides(nodes, corner, nodes.op("Mul", sides, stride)), scores)

    def _all(self, nodes: Nodes, head: Head, first: int) -> str:
        """The outputs of one kind as one tensor [n,places,columns]."""
        kind = slice(first, first + len(head.strides))
        pairs = zip(head.outputs[kind], head.shapes[kind], strict=True)
        return nodes.op("Concat", *(batched(nodes, name, shape) for name, shape in pairs), axis=1)


def batched(nodes: Nodes, name: str, shape: Shape) -> str:
    """The output with a batch axis."""
    return nodes.op("Unsqueeze", name, nodes.ints([0])) if len(shape) == 2 else name
