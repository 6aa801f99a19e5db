"""What a graph needs before and after it is joined to others: names of its own, and no idle weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

if TYPE_CHECKING:
    from collections.abc import Iterator


def with_own_names(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """A copy of which every node and tensor has a name that begins with ``prefix``.

    ``onnx.compose.add_prefix`` forgets the weights that branches and loops take from around them.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for graph in _graphs(copy.graph):
        _rename(graph, prefix)
    return copy


def without_unused(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same without the weights that no node takes: onnxruntime warns of each."""
    graph = model.graph
    used = {name for each in _graphs(graph) for node in each.node for name in node.input}
    used |= {value.name for each in _graphs(graph) for value in each.output}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    if len(weights) < len(graph.initializer):
        del graph.initializer[:]
        graph.initializer.extend(weights)
    return model


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph, and those of its branches and loops, however deep."""
    waiting = [graph]
    while waiting:
        one = waiting.pop()
        yield one
        for node in one.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += attribute.graphs


def _rename(graph: onnx.GraphProto, prefix: str) -> None:
    # All of them, so that what comes from around a branch is still called as it is called there.
    for node in graph.node:
        node.name = prefix + node.name if node.name else ""
        for names in (node.input, node.output):
            # An empty name stands for what is left out.
            names[:] = [prefix + name if name else "" for name in names]
    tensors = [*graph.initializer]
    for pair in graph.sparse_initializer:
        tensors += [pair.values, pair.indices]
    for named in (*graph.input, *graph.output, *graph.value_info, *tensors):
        named.name = prefix + named.name if named.name else ""
    for annotation in graph.quantization_annotation:
        annotation.tensor_name = prefix + annotation.tensor_name
        for parameter in annotation.quant_parameter_tensor_names:
            parameter.value = prefix + parameter.value
