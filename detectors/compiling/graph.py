"""Compiles a model into one graph: uint8 pictures in; boxes, scores, classes and picture numbers out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, version_converter

from detectors.compiling.modelfile import IR_VERSION, OPSET, opset
from detectors.compiling.nodes import Nodes
from detectors.errors import ModelLoadError, one_line
from detectors.families import FAMILIES
from detectors.joining import with_own_names, without_unused

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from detectors.families.family import Head
    from detectors.manifest import InputSpec

PREFIX: Final = "sightline."
OWN: Final = "model."
"""Begins every name of the model itself."""

IMAGES: Final = "images"
LIMITS: Final = ("score_limit", "iou_limit", "multi_label", "max_candidates")
OUTPUTS: Final = ("boxes", "scores", "classes", "picture")


def compile_graph(model: onnx.ModelProto, family: str, head: Head, spec: InputSpec) -> onnx.ModelProto:
    """One graph of preparation, model, decode and non-maximum suppression.

    Inputs are ``images`` uint8 [n,height,width,3] BGR, ``score_limit`` float (exclusive), ``iou_limit``
    float, ``multi_label`` bool (a box may be of several classes; else only of its best), ``max_candidates``
    int64 [1] (best cells of a picture that go on). Outputs are ``boxes`` float32 [k,4] xyxy in input pixels,
    ``scores`` float32 [k], ``classes`` int64 [k], ``picture`` int64 [k], grouped by picture and class.

    Args:
        model: of the family, from ``modelfile.parse``.
        family: key of ``FAMILIES``.
        head: what recognition found.
        spec: of its input.

    Raises:
        ModelLoadError: the parts do not fit together.
    """
    version = opset(model)
    pixels = model.graph.input[0]
    pictures = dimension(pixels.type.tensor_type.shape.dim[0])
    before = bring_to(preparation(pixels, pictures, spec), version)
    after = bring_to(_decode(model, family, head), version)
    before.ir_version = after.ir_version = model.ir_version
    inputs = [(f"{OWN}{output.name}", f"{PREFIX}raw.{output.name}") for output in model.graph.output]
    try:
        # Its names may be any, those of our inputs and outputs too.
        own = with_own_names(model, OWN)
        joined = compose.merge_models(before, own, io_map=[(f"{PREFIX}pixels", f"{OWN}{pixels.name}")])
        joined = compose.merge_models(joined, after, io_map=inputs, outputs=list(OUTPUTS))
        onnx.checker.check_model(joined)
    except (ValueError, TypeError, onnx.checker.ValidationError) as error:
        raise ModelLoadError(f"the model does not fit its decode: {one_line(error)}") from error
    joined.producer_name = "sightline"
    return without_unused(joined)


def compile_decode(model: onnx.ModelProto, family: str, head: Head) -> onnx.ModelProto:
    """The decode of a model alone: its inputs are the model's outputs (``session.decode``) and the limits."""
    return bring_to(_decode(model, family, head), OPSET)


def dimension(dim: onnx.TensorShapeProto.Dimension) -> int | str:
    return dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else "pictures"


def bring_to(model: onnx.ModelProto, version: int) -> onnx.ModelProto:
    return model if version == OPSET else version_converter.convert_version(model, version)


def preparation(pixels: onnx.ValueInfoProto, pictures: int | str, spec: InputSpec) -> onnx.ModelProto:
    """uint8 [n,h,w,3] BGR to what the model takes, bit for bit what numpy computes."""
    nodes = Nodes(f"{PREFIX}prepare.")
    # As bytes, a quarter of the memory that moving floats would touch.
    planes = nodes.op("Transpose", IMAGES, perm=[0, 3, 1, 2])
    if spec.channels == "rgb":
        planes = nodes.op("Gather", planes, nodes.ints([2, 1, 0]), axis=1)
    values = nodes.op("Cast", planes, to=TensorProto.FLOAT)
    if any(spec.mean):
        values = nodes.op("Sub", values, nodes.floats(_of_planes(spec.mean)))
    if set(spec.std) != {1.0}:
        values = nodes.op("Div", values, nodes.floats(_of_planes(spec.std)))
    kind = pixels.type.tensor_type.elem_type
    if kind != TensorProto.FLOAT:
        values = nodes.op("Cast", values, to=kind)
    nodes.named(f"{PREFIX}pixels", values)
    shape = (pictures, spec.height, spec.width, 3)
    images = helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, shape)
    out = helper.make_tensor_value_info(f"{PREFIX}pixels", kind, (pictures, 3, spec.height, spec.width))
    return piece(nodes, "prepare", [images], [out])


def _of_planes(values: tuple[float, ...]) -> ArrayLike:
    """For pixels [n,3,h,w]; one number where all are the same, which is quick in NHWC, too."""
    return values[0] if len(set(values)) == 1 else np.reshape(values, (1, 3, 1, 1))


def _decode(model: onnx.ModelProto, family: str, head: Head) -> onnx.ModelProto:
    """The model's outputs and the limits to final boxes."""
    nodes = Nodes(f"{PREFIX}decode.")
    inputs = []
    for output in model.graph.output:
        raw = onnx.ValueInfoProto()
        raw.CopyFrom(output)
        raw.name = f"{PREFIX}raw.{output.name}"
        inputs.append(raw)
        # The decode reads float32 under a name of its own: half-precision models are cast here.
        nodes.written.append(
            helper.make_node("Cast", [raw.name], [f"{PREFIX}float.{output.name}"], to=TensorProto.FLOAT)
        )
    own = replace(head, outputs=tuple(f"{PREFIX}float.{name}" for name in head.outputs))
    _suppress(nodes, family, own)
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64)
    shapes: tuple[list[int], ...] = ([], [], [], [1])
    inputs += [helper.make_tensor_value_info(*info) for info in zip(LIMITS, kinds, shapes, strict=True)]
    return piece(nodes, "decode", inputs, _outputs())


def _suppress(nodes: Nodes, family: str, head: Head) -> None:
    """Best cells of each picture, their boxes and scores, class-wise NMS."""
    score_limit, iou_limit, multi_label, max_candidates = LIMITS
    decode = FAMILIES[family]
    cells = _best_cells(nodes, decode.gate(nodes, head), may_be_none=not head.suppress)
    found = decode.candidates(nodes, head, cells)
    best = nodes.op("ArgMax", found.scores, axis=1, keepdims=1)
    is_best = nodes.op("Equal", nodes.ints(np.arange(head.classes).reshape(1, -1, 1)), best)
    counts = nodes.op("Or", is_best, multi_label)
    scores = nodes.op("Where", counts, found.scores, nodes.floats(0.0))
    # Batch and class are axes of the operator, so pictures and classes never touch: no offsets, no rounding.
    # Nothing overlaps by more than all.
    overlap = iou_limit if head.suppress else nodes.floats(1.0)
    kept = nodes.op("NonMaxSuppression", found.boxes, scores, max_candidates, overlap, score_limit)
    # Of each that is kept: its picture, class and cell.
    where = nodes.op("Gather", kept, nodes.ints([0, 2]), axis=1)
    nodes.named("boxes", nodes.op("GatherND", found.boxes, where))
    nodes.named("scores", nodes.op("GatherND", scores, kept))
    nodes.named("classes", nodes.op("Gather", kept, nodes.ints(1), axis=1))
    nodes.named("picture", nodes.op("Gather", kept, nodes.ints(0), axis=1))


def _best_cells(nodes: Nodes, gate: str, *, may_be_none: bool) -> str:
    """Indices [n,k] of the cells that can pass the score limit; k is that of the fullest picture, at least 1.

    With ``may_be_none`` there may be no cell at all, of a model that chooses among its boxes itself.
    Pictures with fewer are filled with cells that cannot pass: the score limit of the NMS drops those.
    """
    score_limit, _, _, max_candidates = LIMITS
    passing = nodes.op("Cast", nodes.op("Greater", gate, score_limit), to=TensorProto.INT64)
    counts = nodes.op("ReduceSum", passing, nodes.ints([1]), keepdims=0)
    most = nodes.op("ReduceMax", counts, keepdims=1)
    most = nodes.op("Max", nodes.op("Min", most, max_candidates), nodes.ints([1]))
    if may_be_none:
        most = nodes.op("Min", most, nodes.op("Shape", gate, start=1, end=2))
    return nodes.ops("TopK", (gate, most), 2, axis=1)[1]


def _outputs() -> list[onnx.ValueInfoProto]:
    boxes, scores, classes, picture = OUTPUTS
    return [
        helper.make_tensor_value_info(boxes, TensorProto.FLOAT, ["found", 4]),
        helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["found"]),
        helper.make_tensor_value_info(classes, TensorProto.INT64, ["found"]),
        helper.make_tensor_value_info(picture, TensorProto.INT64, ["found"]),
    ]


def piece(
    nodes: Nodes, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes.written, name, inputs, outputs, nodes.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    return model
