"""Reads a model file that may be damaged or hostile, and brings it to one opset and one input size."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, external_data_helper, helper, shape_inference, version_converter

from detectors.compiling.inspection import inspect_content, inspect_shapes
from detectors.compiling.standard import shape_of, standardised
from detectors.errors import ModelLoadError, WrongSize, one_line
from detectors.families.family import Signature
from detectors.labels import labels_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from detectors.families.family import Shape

OPSET: Final = 17
"""What models are brought to; one that needs a later opset keeps it."""
IR_VERSION: Final = 8
"""The format that goes with ``OPSET``; onnx writes a later one by default than onnxruntime reads."""
INTEGERS: Final = frozenset({TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8})


@dataclass(frozen=True, slots=True, eq=False)
class ParsedModel:
    """A model that was read: complete, at ``OPSET`` or later, its content inspected.

    Attributes:
        model: with all its data.
        whole: whether none of it came from other files.
    """

    model: onnx.ModelProto
    whole: bool


def parse(content: bytes, folder: Path) -> ParsedModel:
    """Read the model in ``content``.

    Args:
        content: of the file.
        folder: where it lies, with its external data if there is any.

    Raises:
        ModelLoadError: it is no ONNX file, or one that must not reach the runtime.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelLoadError("damaged, or not an ONNX file") from error
    if not model.graph.node:
        raise ModelLoadError("not an ONNX model: it holds no graph" if content else "the file is empty")
    external = inspect_content(model, folder)
    try:
        external_data_helper.load_external_data_for_model(model, str(folder))
        onnx.checker.check_model(model)
        return ParsedModel(_at_one_opset(model), whole=not external)
    except (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError, OSError) as error:
        raise ModelLoadError(f"not a valid ONNX model: {one_line(error)}") from error


def opset(model: onnx.ModelProto) -> int:
    """The version of the standard operators that a model is written in."""
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)


def with_input(model: onnx.ModelProto, size: tuple[int, int] | None) -> onnx.ModelProto:
    """The model for pictures [n,3,height,width] float32 of one size, with all shapes known and checked.

    Args:
        model: from ``parse``.
        size: width and height where the model leaves them open; its metadata may know them too.

    Raises:
        ModelLoadError: it takes no picture, or nobody says of which size.
    """
    standard = standardised(model, size or size_in_metadata(model))
    inspect_shapes(standard)
    try:
        inferred = shape_inference.infer_shapes(standard, data_prop=True)
    except (RuntimeError, ValueError) as error:
        raise WrongSize(f"its shapes do not fit: {one_line(error)}") from error
    inspect_shapes(inferred)
    return inferred


def signature(
    model: onnx.ModelProto,
    labels: tuple[str, ...] | None = None,
    sample: Mapping[str, NDArray[np.generic]] | None = None,
    beside: tuple[str, ...] | None = None,
) -> Signature:
    """What a model with one input size says about itself.

    Args:
        model: from ``with_input``.
        labels: names of its classes where a manifest gives them; else they are looked for in the metadata.
        sample: what it answers to one picture: tells the dimensions that the file leaves open.
        beside: names of its classes for a model that has none itself.
    """
    sample = sample or {}
    shape = shape_of(model.graph.input[0])
    outputs = {output.name: _told(shape_of(output), sample.get(output.name)) for output in model.graph.output}
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    integer = {o.name for o in model.graph.output if o.type.tensor_type.elem_type in INTEGERS}
    return Signature(
        width=shape[3] or 0,
        height=shape[2] or 0,
        outputs=outputs,
        metadata=metadata,
        labels=labels or labels_in(metadata) or beside,
        integer=frozenset(integer),
        sample=sample,
        depths=frozenset(size for tensor in model.graph.initializer for size in tensor.dims),
    )


def _told(shape: Shape, answer: NDArray[np.generic] | None) -> Shape:
    """The shape, with what a run showed in the place of what is not known."""
    if answer is None or (shape and answer.ndim != len(shape)):
        return shape
    shape = shape or (None,) * answer.ndim
    return tuple(size or shown for size, shown in zip(shape, answer.shape, strict=True))


def _at_one_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    metadata = list(model.metadata_props)
    if opset(model) < OPSET:
        model = version_converter.convert_version(model, OPSET)
        # The converter of some versions of onnx forgets it, and with it the names of the classes.
        del model.metadata_props[:]
        model.metadata_props.extend(metadata)
    model.ir_version = max(IR_VERSION, helper.find_min_ir_version_for(model.opset_import, True))
    return model


def size_in_metadata(model: onnx.ModelProto) -> tuple[int, int] | None:
    """Width and height from the ``imgsz`` that Ultralytics writes: ``"[height, width]"``."""
    text = next((entry.value for entry in model.metadata_props if entry.key == "imgsz"), "")
    try:
        sides = ast.literal_eval(text[:100])
    except (ValueError, SyntaxError):
        return None
    if isinstance(sides, list) and len(sides) == 2 and all(isinstance(side, int) for side in sides):
        return sides[1], sides[0]
    return None
