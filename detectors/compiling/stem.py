"""Folds a space-to-depth stem into the convolution behind it: the same sums, without moving a pixel first.

YOLOX and YOLOv5 begin with a "Focus": the four pixels of each 2x2 square become channels, then comes a k x k
convolution. Together they are one convolution of 2k x 2k with stride 2 on the picture itself (version 6 of
YOLOv5 is built so). On a CPU the eight slices and their concatenation cost a tenth of yolox_nano.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import helper, numpy_helper

from detectors.compiling.inspection import every_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ROWS, COLUMNS = 2, 3
"""Axes of an NCHW tensor."""


@dataclass(frozen=True, slots=True)
class Part:
    """Every second pixel of ``source``, from ``row`` and ``column`` (0 or 1) on."""

    source: str
    row: int
    column: int


def fold_stem(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without its space-to-depth stem; the model itself where it has none."""
    made_by = {output: node for node in model.graph.node for output in node.output}
    constants = _constants(model.graph)
    for index, node in enumerate(model.graph.node):
        if node.op_type != "Conv" or node.input[1] not in constants:
            continue
        parts = _parts(made_by.get(node.input[0]), made_by, constants)
        weights = constants[node.input[1]]
        if parts and _plain(node) and weights.shape[1] % len(parts) == 0:
            return _folded(model, index, parts, weights)
    return model


def _constants(graph: onnx.GraphProto) -> dict[str, NDArray[np.generic]]:
    """Every small constant and every weight of four dimensions, by name."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            found.update(
                (node.output[0], numpy_helper.to_array(entry.t))
                for entry in node.attribute
                if entry.name == "value"
            )
    return found


def _parts(
    concat: onnx.NodeProto | None,
    made_by: Mapping[str, onnx.NodeProto],
    constants: Mapping[str, NDArray[np.generic]],
) -> tuple[Part, ...]:
    """What a concatenation of channels is made of, if it is the four quarters of one tensor; else nothing."""
    if concat is None or concat.op_type != "Concat" or len(concat.input) != 4:
        return ()
    if [entry.i for entry in concat.attribute if entry.name == "axis"] != [1]:
        return ()
    parts = tuple(_part(name, made_by, constants) for name in concat.input)
    whole = tuple(part for part in parts if part is not None)
    corners = {(part.row, part.column) for part in whole}
    return whole if len(corners) == 4 and len({part.source for part in whole}) == 1 else ()


def _part(
    name: str, made_by: Mapping[str, onnx.NodeProto], constants: Mapping[str, NDArray[np.generic]]
) -> Part | None:
    """What lies before a chain of slices that take every second row and column."""
    starts: dict[int, int] = {}
    while (node := made_by.get(name)) is not None and node.op_type == "Slice":
        inputs = [constants.get(source) for source in node.input[1:]]
        if len(inputs) != 4 or any(values is None or values.size != 1 for values in inputs):
            return None
        start, end, axis, step = (int(np.ravel(values)[0]) for values in inputs if values is not None)
        if axis not in (ROWS, COLUMNS) or axis in starts or start not in (0, 1) or step != 2 or end < 2**16:
            return None
        starts[axis] = start
        name = node.input[0]
    return Part(name, starts[ROWS], starts[COLUMNS]) if starts.keys() == {ROWS, COLUMNS} else None


def _plain(conv: onnx.NodeProto) -> bool:
    """Whether a convolution has neither stride, dilation nor groups, and states its padding."""
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in conv.attribute}
    return (
        set(attributes.get("strides", [1])) == {1}
        and set(attributes.get("dilations", [1])) == {1}
        and attributes.get("group", 1) == 1
        and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    )


def _folded(
    model: onnx.ModelProto, index: int, parts: tuple[Part, ...], weights: NDArray[np.generic]
) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    conv = copy.graph.node[index]
    filters, channels, height, width = weights.shape
    each = channels // len(parts)
    wide = np.zeros((filters, each, 2 * height, 2 * width), weights.dtype)
    for number, part in enumerate(parts):
        wide[:, :, part.row :: 2, part.column :: 2] = weights[:, number * each : (number + 1) * each]
    name = f"{conv.input[1]}.folded"
    copy.graph.initializer.append(numpy_helper.from_array(wide, name))
    conv.input[0], conv.input[1] = parts[0].source, name
    pads = next((list(entry.ints) for entry in conv.attribute if entry.name == "pads"), [0] * 4)
    kept = [entry for entry in conv.attribute if entry.name not in ("kernel_shape", "pads", "strides")]
    del conv.attribute[:]
    conv.attribute.extend(kept)
    conv.attribute.append(helper.make_attribute("kernel_shape", wide.shape[2:]))
    conv.attribute.append(helper.make_attribute("pads", [2 * pad for pad in pads]))
    conv.attribute.append(helper.make_attribute("strides", [2, 2]))
    _drop_unused(copy, ("Concat", "Slice"))
    return copy


def _drop_unused(model: onnx.ModelProto, kinds: tuple[str, ...]) -> None:
    """Remove nodes of these kinds that nothing reads any more; onnxruntime would run them."""
    while True:
        read = {name for node in every_node(model) for name in node.input}
        read |= {output.name for output in model.graph.output}
        unused = [node for node in model.graph.node if node.op_type in kinds and read.isdisjoint(node.output)]
        if not unused:
            return
        for node in unused:
            model.graph.node.remove(node)
