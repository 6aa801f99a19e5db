"""Refuses models that would harm the machine they run on, before anything runs them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from onnx import TensorProto, helper

from detectors.errors import ModelLoadError, WrongSize
from detectors.manifest import MAX_SIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import onnx

MAX_FILE_BYTES: Final = 2 * 1024**3
"""Of a model with its external data; protobuf itself ends here."""
MAX_TENSOR_BYTES: Final = 256 * 1024**2
"""Of one tensor between two nodes, for one picture; a large detector at 1280 pixels needs 30 MiB."""
MAX_NODES: Final = 100_000
DOMAINS: Final = frozenset({"", "ai.onnx", "com.microsoft"})
"""Operators that come with onnxruntime; any other needs a library of its own."""
VARINT: Final = 10
"""How many times longer a number can be in memory than in the file, as protobuf packs small ones."""


def every_node(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node, those of branches, loops and functions included."""
    waiting = [model.graph.node, *(function.node for function in model.functions)]
    while waiting:
        for node in waiting.pop():
            yield node
            for attribute in node.attribute:
                waiting += [attribute.g.node] if attribute.HasField("g") else []
                waiting += [graph.node for graph in attribute.graphs]


def inspect_content(model: onnx.ModelProto, folder: Path) -> frozenset[Path]:
    """Refuse foreign operators, tensors larger than their data, and external data outside ``folder``.

    Returns:
        The files that hold its external data.

    Raises:
        ModelLoadError: says which of them.
    """
    for count, node in enumerate(every_node(model), 1):
        if node.domain not in DOMAINS and not _own_function(model, node):
            raise ModelLoadError(f"operator {node.op_type} of {node.domain!r} is not part of ONNX")
        if count > MAX_NODES:
            raise ModelLoadError(f"more than {MAX_NODES} nodes")
    files = (_external_file(tensor, folder) for tensor in _tensors(model))
    external = frozenset(path for path in files if path is not None)
    total = sum(path.stat().st_size for path in external)
    if total > MAX_FILE_BYTES:
        raise ModelLoadError(f"{total} bytes of external data, at most {MAX_FILE_BYTES} are taken")
    return external


def inspect_shapes(model: onnx.ModelProto) -> None:
    """Refuse inputs and intermediate tensors of absurd size. Shapes must have been inferred.

    Raises:
        WrongSize: names the tensor.
    """
    for value in model.graph.input:
        sides = [dim.dim_value for dim in value.type.tensor_type.shape.dim[2:]]
        if any(side > MAX_SIDE for side in sides):
            size = "x".join(str(side) for side in sides)
            raise WrongSize(f"input {value.name}: at most {MAX_SIDE} pixels a side, received {size}")
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        tensor = value.type.tensor_type
        # Batch and other open dimensions count as one.
        elements = math.prod(dim.dim_value or 1 for dim in tensor.shape.dim)
        size_bytes = elements * _item_bytes(tensor.elem_type)
        if size_bytes > MAX_TENSOR_BYTES:
            raise WrongSize(f"tensor {value.name!r:.60} would take {size_bytes / 1024**2:.0f} MiB")


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that the file holds or claims to hold."""
    graphs = [model.graph]
    for node in every_node(model):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
            for pair in (*sparse, *attribute.sparse_tensors):
                yield from (pair.values, pair.indices)
            graphs += [attribute.g] if attribute.HasField("g") else []
            graphs += attribute.graphs
    for graph in graphs:
        yield from graph.initializer
        for pair in graph.sparse_initializer:
            yield from (pair.values, pair.indices)


def _own_function(model: onnx.ModelProto, node: onnx.NodeProto) -> bool:
    return any((node.domain, node.op_type) == (own.domain, own.name) for own in model.functions)


def _external_file(tensor: onnx.TensorProto, folder: Path) -> Path | None:
    """The file of a tensor that lies outside the model; None when its data is inside, and all there."""
    if any(size < 0 for size in tensor.dims):
        raise ModelLoadError(f"tensor {tensor.name!r:.60} has a negative size")
    needed = math.prod(tensor.dims) * _item_bytes(tensor.data_type)
    if tensor.data_location != TensorProto.EXTERNAL:
        held = tensor.ByteSize()
        if needed > VARINT * held:
            raise ModelLoadError(f"tensor {tensor.name!r:.60} claims {needed} bytes, the file holds {held}")
        return None
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    try:
        # resolve() also follows links, so that none leads out.
        path = (folder / location).resolve()
        inside = path.is_relative_to(folder.resolve())
        if inside and not path.is_file():
            raise ModelLoadError(f"external data {location!r:.100} is missing")
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"external data {location!r:.100} cannot be read") from error
    if not inside:
        raise ModelLoadError(f"external data {location!r:.100} lies outside the model's folder")
    return path


def _item_bytes(data_type: int) -> int:
    if data_type in (TensorProto.UNDEFINED, TensorProto.STRING):
        return 1
    try:
        return int(helper.tensor_dtype_to_np_dtype(data_type).itemsize)
    except KeyError as error:
        raise ModelLoadError(f"tensors of the unknown type {data_type}") from error
