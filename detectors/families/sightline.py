"""Our own anchor-free nano detector: per stride a map of class logits and one of distances to the sides.

The head is that of FCOS (Tian et al. 2019, arXiv:1904.01355) without centre-ness, with distances as
logarithms in units of the stride.

Source of sightline: this repository, ``trainer/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.families.family import Candidates, Head, Signature
from detectors.families.grid import cells as cells_of
from detectors.manifest import InputSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes

STRIDES: Final = (8, 16, 32)
LARGEST_LOG: Final = 6.0
"""Distances end at exp(6) strides, as in training: an untrained cell must not overflow."""


class Sightline:
    """Outputs cls8, cls16, cls32 [n,classes,h,w], logits; reg8 .. reg32 [n,4,h,w], ln(l,t,r,b / stride)."""

    def recognise(self, signature: Signature) -> Head | None:
        outputs = tuple(f"{kind}{stride}" for kind in ("cls", "reg") for stride in STRIDES)
        if set(signature.outputs) != set(outputs):
            return None
        for name in outputs:
            shape, stride = signature.outputs[name], int(name[3:])
            grid = (signature.height // stride, signature.width // stride)
            if len(shape) != 4 or shape[2:] != grid or (name.startswith("reg") and shape[1] != 4):
                return None
        classes = {signature.outputs[name][1] for name in outputs[: len(STRIDES)]}
        count = classes.pop()
        if classes or not count:
            return None
        return Head(signature.width, signature.height, STRIDES, count, outputs)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(width=head.width, height=head.height)

    def gate(self, nodes: Nodes, head: Head) -> str:
        logits = nodes.op(
            "ReduceMax", self._cells(nodes, head.outputs[:3], head.classes), axes=[1], keepdims=0
        )
        return nodes.op("Sigmoid", logits)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        logits = nodes.columns(self._cells(nodes, head.outputs[:3], head.classes), head.classes, cells)
        logs = nodes.columns(self._cells(nodes, head.outputs[3:], 4), 4, cells)
        logs = nodes.op("Clip", logs, nodes.floats(-LARGEST_LOG), nodes.floats(LARGEST_LOG))
        grid = cells_of(head.width, head.height, head.strides)
        centre = nodes.op("Gather", nodes.floats((grid[:, :2] + 0.5) * grid[:, 2:]), cells)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        sides = nodes.op("Mul", nodes.op("Transpose", nodes.op("Exp", logs), perm=[0, 2, 1]), stride)
        top_left = nodes.op("Sub", centre, nodes.slice(sides, 2, 0, 2))
        bottom_right = nodes.op("Add", centre, nodes.slice(sides, 2, 2, 4))
        boxes = nodes.op("Concat", top_left, bottom_right, axis=2)
        return Candidates(boxes, nodes.op("Sigmoid", logits))

    def _cells(self, nodes: Nodes, maps: tuple[str, ...], channels: int) -> str:
        """The maps of one kind side by side, [n,channels,cells]."""
        flat = [nodes.op("Reshape", name, nodes.ints([0, channels, -1])) for name in maps]
        return nodes.op("Concat", *flat, axis=2)
