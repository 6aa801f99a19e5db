"""The axis of the batch of a model: for one picture, for any number, or put on where outputs have none."""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import numpy_helper

AXIS: Final = "pictures"
LEAST_RANK: Final = 3
"""Outputs of fewer axes may be lists of what was found in one picture."""


def single(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model for one picture at a time."""
    return _with_axis(model, 1)


def free(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model for any number of pictures; whether it still answers right is to be tried."""
    return _with_axis(model, None)


def with_axis_of_outputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, all outputs of which get an axis for the batch, of one picture."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    del graph.value_info[:]
    bare = {output.name: f"{AXIS}.bare.{output.name}" for output in graph.output}
    for node in graph.node:
        node.input[:] = [bare.get(name, name) for name in node.input]
        node.output[:] = [bare.get(name, name) for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.int64), f"{AXIS}.first"))
    for output in graph.output:
        graph.node.append(
            onnx.helper.make_node("Unsqueeze", [bare[output.name], f"{AXIS}.first"], [output.name])
        )
        dims = output.type.tensor_type.shape.dim
        sizes = [onnx.TensorShapeProto.Dimension(dim_value=1), *dims]
        del dims[:]
        dims.extend(sizes)
    return copy


def _with_axis(model: onnx.ModelProto, pictures: int | None) -> onnx.ModelProto:
    """A copy with the batch dimension fixed, or free (None)."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    del graph.value_info[:]
    first = graph.input[0].type.tensor_type.shape.dim[0]
    name, count = first.dim_param, first.dim_value
    for value in (*graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        # An output of a model for one picture may have no batch axis.
        if not dims or (dims[0].dim_value > 1 and dims[0].dim_value != count):
            continue
        if dims[0].dim_value != 1 and len(dims) < LEAST_RANK and dims[0].dim_param != name:
            continue
        if pictures is None:
            dims[0].dim_param = AXIS
        else:
            dims[0].dim_value = pictures
    if pictures is None:
        _free_reshapes(graph)
    return copy


def _free_reshapes(graph: onnx.GraphProto) -> None:
    """Let reshapes to ``[1, ...]`` keep the batch of what they reshape (a 0 in the shape says so)."""
    shapes = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        shapes.update((node.output[0], entry.t) for entry in node.attribute if entry.name == "value")
    for number, node in enumerate(graph.node):
        if node.op_type != "Reshape" or node.input[1] not in shapes:
            continue
        sizes = numpy_helper.to_array(shapes[node.input[1]])
        if sizes.ndim == 1 and len(sizes) > 1 and sizes[0] == 1:
            free = numpy_helper.from_array(np.array([0, *sizes[1:]], np.int64), f"{AXIS}.shape_{number}")
            graph.initializer.append(free)
            node.input[1] = free.name
