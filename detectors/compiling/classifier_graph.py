"""Compiles a classifier into one graph: uint8 pictures in, probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from detectors.compiling.graph import OWN, PREFIX, bring_to, dimension, piece, preparation
from detectors.compiling.modelfile import opset
from detectors.compiling.nodes import Nodes
from detectors.errors import ModelLoadError, one_line
from detectors.joining import with_own_names, without_unused

if TYPE_CHECKING:
    from detectors.manifest import InputSpec

PROBABILITIES: Final = "probabilities"


def compile_classifier(model: onnx.ModelProto, answer: str, classes: int, spec: InputSpec) -> onnx.ModelProto:
    """One graph of preparation, model and softmax: ``images`` uint8 [n,height,width,3] BGR to
    ``probabilities`` float32 [n,classes].

    Args:
        model: with one output, from ``modelfile.with_input``.
        answer: what the output holds, a name of ``detectors.recognising.classification.ANSWERS``.
        classes: how many it tells apart.
        spec: of its input.

    Raises:
        ModelLoadError: the parts do not fit together.
    """
    version = opset(model)
    pixels, [output] = model.graph.input[0], model.graph.output
    pictures = dimension(pixels.type.tensor_type.shape.dim[0])
    before = bring_to(preparation(pixels, pictures, spec), version)
    after = bring_to(_answer(output, answer, classes, pictures), version)
    before.ir_version = after.ir_version = model.ir_version
    try:
        # Its names may be any, those of our input and output too.
        own = with_own_names(model, OWN)
        joined = compose.merge_models(before, own, io_map=[(f"{PREFIX}pixels", f"{OWN}{pixels.name}")])
        joined = compose.merge_models(joined, after, io_map=[(f"{OWN}{output.name}", f"{PREFIX}raw")])
        onnx.checker.check_model(joined)
    except (ValueError, TypeError, onnx.checker.ValidationError) as error:
        raise ModelLoadError(f"the model does not fit its answer: {one_line(error)}") from error
    joined.producer_name = "sightline"
    return without_unused(joined)


def _answer(output: onnx.ValueInfoProto, answer: str, classes: int, pictures: int | str) -> onnx.ModelProto:
    """The model's output, of any shape that holds one row a picture, to probabilities."""
    nodes = Nodes(f"{PREFIX}answer.")
    raw = onnx.ValueInfoProto()
    raw.CopyFrom(output)
    raw.name = f"{PREFIX}raw"
    width = 1 if answer == "binary" else classes
    rows = nodes.op("Cast", raw.name, to=TensorProto.FLOAT)
    rows = nodes.op("Reshape", rows, nodes.ints([-1, width]))
    if answer == "logits":
        rows = nodes.op("Softmax", rows, axis=1)
    if answer == "binary":
        rows = nodes.op("Concat", nodes.op("Sub", nodes.floats(np.float32(1)), rows), rows, axis=1)
    nodes.named(PROBABILITIES, rows)
    out = helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, (pictures, classes))
    return piece(nodes, "answer", [raw], [out])
