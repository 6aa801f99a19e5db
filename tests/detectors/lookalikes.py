"""Models that look like others: the real YOLOX-Nano with another head, which says the same in another way.

Its own cells are decoded in the graph; a head is made of their parts. So whatever the form, the boxes have to
be those of the original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import TensorProto, helper, version_converter

from detectors.compiling.nodes import Nodes
from detectors.families.grid import cells

SIDE = 416
CELLS = 3549
CLASSES = 80
LISTED = 60
"""Rows of a final list."""

Outputs = dict[str, tuple[str, tuple[int, ...]]]
"""Tensor and shape by the name of the output."""


@dataclass(frozen=True)
class Cells:
    """Tensors of all cells of one picture: centre, size and corners in pixels [1,cells,2], objectness
    [1,cells,1], class scores without it [1,cells,80]."""

    nodes: Nodes
    centre: str
    size: str
    first: str
    last: str
    objectness: str
    classes: str

    @property
    def scores(self) -> str:
        return self.nodes.op("Mul", self.objectness, self.classes)

    def join(self, *parts: str) -> str:
        return self.nodes.op("Concat", *parts, axis=2)

    def box(self, form: str = "cxcywh", side: float = 1.0) -> str:
        """Boxes [1,cells,4] in a form, divided by ``side``."""
        boxes = {
            "cxcywh": (self.centre, self.size),
            "xywh": (self.first, self.size),
            "xyxy": (self.first, self.last),
            "yxyx": (self.first, self.last),
        }[form]
        joined = self.join(*boxes)
        if form == "yxyx":
            joined = self.nodes.op("Gather", joined, self.nodes.ints([1, 0, 3, 2]), axis=2)
        return self.nodes.op("Mul", joined, self.nodes.floats(1 / side))

    def logits(self, shares: str) -> str:
        inside = self.nodes.op("Clip", shares, self.nodes.floats(1e-6), self.nodes.floats(1 - 1e-6))
        rest = self.nodes.op("Sub", self.nodes.floats(1.0), inside)
        return self.nodes.op("Log", self.nodes.op("Div", inside, rest))

    def chosen(self) -> tuple[str, str, str]:
        """Boxes xyxy [1,k,4], scores and classes [1,k,1] after suppression of each class at IoU 0.45, filled
        up with zeros."""
        nodes = self.nodes
        best = nodes.op("ReduceMax", self.scores, axes=[2], keepdims=1)
        number = nodes.op("Cast", nodes.op("ArgMax", self.scores, axis=2, keepdims=1), to=TensorProto.FLOAT)
        boxes = self.box("xyxy")
        apart = nodes.op("Add", boxes, nodes.op("Mul", number, nodes.floats(4096.0)))
        row = nodes.op("Transpose", best, perm=[0, 2, 1])
        limits = (nodes.ints([CELLS]), nodes.floats(0.45), nodes.floats(0.05))
        kept = nodes.op("NonMaxSuppression", apart, row, *limits)
        kept = nodes.op("Squeeze", nodes.slice(kept, 1, 2, 3), nodes.ints([1]))
        flat = nodes.op("Squeeze", best, nodes.ints([0, 2]))
        nothing = nodes.op("Mul", flat, nodes.floats(0.0))
        left = nodes.op("ScatterElements", nothing, kept, nodes.op("Gather", flat, kept), axis=0)
        scores, order = nodes.ops("TopK", (left, nodes.ints([LISTED])), 2, axis=0)
        scores = nodes.op("Unsqueeze", scores, nodes.ints([0, 2]))
        order = nodes.op("Unsqueeze", order, nodes.ints([0]))
        some = nodes.op("Cast", nodes.op("Greater", scores, nodes.floats(0.0)), to=TensorProto.FLOAT)
        return (
            nodes.op("Mul", nodes.rows(boxes, order), some),
            scores,
            nodes.op("Mul", nodes.rows(number, order), some),
        )


def with_head(source: Path, head: Callable[[Cells], Outputs], *, rgb: bool = False, white: float = 255):
    """The model in ``source`` with another head; its pictures are RGB if said, white is ``white``."""
    model = version_converter.convert_version(onnx.load(source), 17)
    model.ir_version = 8
    graph = model.graph
    [pixels], [raw] = graph.input, graph.output
    nodes, before = Nodes("head."), Nodes("before.")
    inner = before.op("Mul", pixels.name, before.floats(255 / white))
    inner = before.op("Gather", inner, before.ints([2, 1, 0]), axis=1) if rgb else inner
    for node in graph.node:
        node.input[:] = [inner if name == pixels.name else name for name in node.input]
        node.output[:] = ["cells.raw" if name == raw.name else name for name in node.output]
    outputs = head(_cells(nodes, "cells.raw"))
    for name, (tensor, _) in outputs.items():
        nodes.named(name, tensor)
    written = [*before.written, *graph.node, *nodes.written]
    del graph.node[:], graph.output[:], graph.value_info[:]
    graph.node.extend(written)
    graph.initializer.extend([*before.constants, *nodes.constants])
    graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()
    )
    onnx.checker.check_model(model)
    return model


def _cells(nodes: Nodes, raw: str) -> Cells:
    grid = cells(SIDE, SIDE, (8, 16, 32))[None]
    strides = nodes.floats(grid[..., 2:])
    centre = nodes.op("Mul", nodes.op("Add", nodes.slice(raw, 2, 0, 2), nodes.floats(grid[..., :2])), strides)
    size = nodes.op("Mul", nodes.op("Exp", nodes.slice(raw, 2, 2, 4)), strides)
    half = nodes.op("Mul", size, nodes.floats(0.5))
    return Cells(
        nodes,
        centre,
        size,
        nodes.op("Sub", centre, half),
        nodes.op("Add", centre, half),
        nodes.slice(raw, 2, 4, 5),
        nodes.slice(raw, 2, 5, 5 + CLASSES),
    )


def columns(form: str, side: float = 1.0) -> Callable[[Cells], Outputs]:
    """As Ultralytics' v8: [1,84,cells]."""

    def head(parts: Cells) -> Outputs:
        rows = parts.join(parts.box(form, side), parts.scores)
        return {"output0": (parts.nodes.op("Transpose", rows, perm=[0, 2, 1]), (1, 4 + CLASSES, CELLS))}

    return head


def rows(form: str, side: float = 1.0) -> Callable[[Cells], Outputs]:
    """As YOLOX decoded: [1,cells,85]."""

    def head(parts: Cells) -> Outputs:
        made = parts.join(parts.box(form, side), parts.objectness, parts.classes)
        return {"output": (made, (1, CELLS, 5 + CLASSES))}

    return head


def with_scores(objectness: str, classes: str) -> Callable[[Cells], Outputs]:
    """The same with other scores: ``one``, ``plain``, ``joined``, ``twice`` (sigmoid)."""

    def head(parts: Cells) -> Outputs:
        nodes = parts.nodes
        nothing = nodes.op("Mul", parts.objectness, nodes.floats(0.0))
        made = {
            "one": lambda: nodes.op("Add", nothing, nodes.floats(1.0)),
            "plain": lambda: parts.objectness,
            "twice": lambda: nodes.op("Sigmoid", parts.objectness),
        }[objectness]()
        scores = {
            "plain": lambda: parts.classes,
            "joined": lambda: parts.scores,
            "twice": lambda: nodes.op("Sigmoid", parts.classes),
        }[classes]()
        return {"output": (parts.join(parts.box(), made, scores), (1, CELLS, 5 + CLASSES))}

    return head


def pairs(form: str, names: tuple[str, str] = ("boxes", "scores")) -> Callable[[Cells], Outputs]:
    """As YOLO-NAS: boxes [1,cells,4] and scores [1,cells,80]."""

    def head(parts: Cells) -> Outputs:
        return {
            names[0]: (parts.box(form), (1, CELLS, 4)),
            names[1]: (parts.scores, (1, CELLS, CLASSES)),
        }

    return head


def bare(parts: Cells) -> Outputs:
    """As v8, without an axis for the batch."""
    tensor, shape = columns("cxcywh")(parts)["output0"]
    return {"output0": (parts.nodes.op("Squeeze", tensor, parts.nodes.ints([0])), shape[1:])}


def final(order: str, *, first: int = 0, batch: int = 3, side: float = 1.0) -> Callable[[Cells], Outputs]:
    """A final list, a letter for each part of a row: b the box x1 y1 x2 y2, t the box y1 x1 y2 x2, s its
    score, c its class, counted from ``first``, p the number of the picture; ``batch`` is how many axes it
    has."""

    def head(parts: Cells) -> Outputs:
        nodes = parts.nodes
        boxes, scores, number = parts.chosen()
        boxes = nodes.op("Mul", boxes, nodes.floats(1 / side))
        made = {
            "b": boxes,
            "t": nodes.op("Gather", boxes, nodes.ints([1, 0, 3, 2]), axis=2),
            "s": scores,
            "c": nodes.op("Add", number, nodes.floats(float(first))),
            "p": nodes.op("Mul", scores, nodes.floats(0.0)),
        }
        wide = sum(4 if letter in "bt" else 1 for letter in order)
        shape = {2: (LISTED, wide), 3: (1, LISTED, wide), 4: (1, 1, LISTED, wide)}[batch]
        joined = parts.join(*(made[letter] for letter in order))
        return {"612": (nodes.op("Reshape", joined, nodes.ints(shape)), shape)}

    return head


def lists(form: str, first: int) -> Callable[[Cells], Outputs]:
    """Classes, boxes and scores of a final list, all floats and without a name that says anything."""

    def head(parts: Cells) -> Outputs:
        nodes = parts.nodes
        boxes, scores, number = parts.chosen()
        if form == "yxyx":
            boxes = nodes.op("Gather", boxes, nodes.ints([1, 0, 3, 2]), axis=2)
        number = nodes.op("Add", number, nodes.floats(float(first)))
        return {
            "Identity": (nodes.op("Squeeze", number, nodes.ints([2])), (1, LISTED)),
            "Identity_1": (boxes, (1, LISTED, 4)),
            "Identity_2": (nodes.op("Squeeze", scores, nodes.ints([2])), (1, LISTED)),
        }

    return head
