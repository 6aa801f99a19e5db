"""Reads a model file that may be damaged or hostile, and brings it to one opset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from google.protobuf.message import DecodeError
from onnx import version_converter

from detectors.errors import ModelLoadError
from detectors.families.family import Signature
from detectors.graph import OPSET, onnx_opset

if TYPE_CHECKING:
    from pathlib import Path


def parse(content: bytes, folder: Path) -> onnx.ModelProto:
    """The model in ``content``, checked, at ``OPSET`` or later.

    Args:
        content: of the file.
        folder: in which its external data must lie.

    Raises:
        ModelLoadError: it is no ONNX file, or one that must not reach the runtime.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelLoadError("damaged, or no ONNX file") from error
    try:
        onnx.checker.check_model(model)
        if onnx_opset(model) < OPSET:
            metadata = list(model.metadata_props)
            model = version_converter.convert_version(model, OPSET)
            del model.metadata_props[:]
            model.metadata_props.extend(metadata)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        raise ModelLoadError(f"cannot be used: {error}") from error
    model.ir_version = max(8, onnx.helper.find_min_ir_version_for(model.opset_import, ignore_unknown=True))
    return model


def signature(model: onnx.ModelProto) -> Signature:
    """What the file says about itself.

    Raises:
        ModelLoadError: it does not take one NCHW picture.
    """
    initial = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initial]
    shape = _shape(inputs[0]) if len(inputs) == 1 else ()
    if len(shape) != 4 or shape[1] != 3 or not shape[2] or not shape[3]:
        names = ", ".join(value.name for value in inputs) or "none"
        raise ModelLoadError(f"expected one input [n,3,height,width], received {names}")
    outputs = {output.name: _shape(output) for output in model.graph.output}
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return Signature(shape[3], shape[2], outputs, metadata)


def _shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)
