"""Leaves the softmax over the classes at the end of a model to the decode, which needs it of few cells.

FastestDet takes it of all its 484 cells and turns the tensor round before and after: 6 % of its time on a
CPU. Of a cell whose objectness is too low nobody reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import onnx
from onnx import helper

from detectors.compiling.inspection import every_node
from detectors.compiling.modelfile import opset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from detectors.families.family import Head

DEFERRING: Final = frozenset({"fastestdet"})
"""Families whose decode takes it where ``Head.deferred`` says so."""
CHANNELS: Final = 1
"""Axis of an NCHW map."""
RANK: Final = 4
LAST_AXIS_SINCE: Final = 13
"""Opset from which a softmax is over one axis; before, over all from that one on."""


def deferred(model: onnx.ModelProto, family: str, head: Head) -> tuple[onnx.ModelProto, Head]:
    """The model without it, and the head that says so.

    Both are what they were where the output does not end with a softmax over the channels of all classes, or
    something else reads that.

    Args:
        model: with one input, from ``modelfile.with_input``.
        family: key of ``FAMILIES``.
        head: what recognition found.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    joined = makers.get(head.outputs[0])
    if family not in DEFERRING or joined is None or joined.op_type != "Concat":
        return model, head
    chain = _softmax_of(joined.input[-1], makers, opset(model))
    if (
        not chain
        or _told(joined).get("axis") not in (CHANNELS, CHANNELS - RANK)
        or _channels(model, joined.input[-1]) != head.classes
        or any(_readers(model, node.output[0]) != 1 for node in chain)
    ):
        return model, head
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        if node.output[0] == joined.output[0]:
            node.input[-1] = chain[-1].input[0]
    for node in chain:
        copy.graph.node.remove(node)
    return copy, replace(head, deferred=True)


def _softmax_of(name: str, makers: Mapping[str, onnx.NodeProto], version: int) -> list[onnx.NodeProto]:
    """The nodes that take the softmax over channels of a map [n,c,h,w], last first; none where ``name`` is
    something else."""
    softmax = makers.get(name)
    if softmax is None:
        return []
    if softmax.op_type == "Softmax":
        over = _told(softmax).get("axis", -1)
        return [softmax] if version >= LAST_AXIS_SINCE and over in (CHANNELS, CHANNELS - RANK) else []
    back, softmax = softmax, makers.get(softmax.input[0])
    first = makers.get(softmax.input[0]) if softmax is not None and softmax.op_type == "Softmax" else None
    if softmax is None or first is None or (back.op_type, first.op_type) != ("Transpose", "Transpose"):
        return []
    turned, turned_back = (list(_told(node).get("perm", ())) for node in (first, back))
    restores = len(turned) == RANK and [turned[axis] for axis in turned_back] == list(range(RANK))
    last = _told(softmax).get("axis", 1 if version < LAST_AXIS_SINCE else -1) in (RANK - 1, -1)
    return [back, softmax, first] if restores and last and turned[-1] == CHANNELS else []


def _told(node: onnx.NodeProto) -> dict[str, Any]:
    """Attributes of a node, by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def _channels(model: onnx.ModelProto, name: str) -> int:
    """Of a map [n,c,h,w] between two nodes; 0 where it is none."""
    values = onnx.shape_inference.infer_shapes(model).graph.value_info
    dims = [list(value.type.tensor_type.shape.dim) for value in values if value.name == name]
    return dims[0][CHANNELS].dim_value if dims and len(dims[0]) == RANK else 0


def _readers(model: onnx.ModelProto, name: str) -> int:
    """How many nodes and outputs read a tensor."""
    outputs = [output.name for output in model.graph.output]
    return outputs.count(name) + sum(list(node.input).count(name) for node in every_node(model))
