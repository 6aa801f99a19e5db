"""Gives every model one input of one form: pictures float32 [n,3,height,width]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from detectors.compiling.nodes import Nodes
from detectors.errors import ModelLoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PIXELS: Final = "sightline.input"
CHANNELS: Final = 3
SIZES: Final[Mapping[str, Callable[[int, int], tuple[float, float]]]] = {
    "orig_target_sizes": lambda width, height: (width, height),
    "im_shape": lambda width, height: (height, width),
    "image_shape": lambda width, height: (height, width),
    "scale_factor": lambda width, height: (1.0, 1.0),
}
"""What inputs beside the picture want to know of it, by name (RT-DETR, D-FINE and DEIM; PaddleDetection;
YOLOv3 of Keras): given that the picture has the size of the input, boxes come out in its pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The input that takes a picture.

    Attributes:
        value: the input.
        batched: whether it has a batch axis.
        last: whether channels are its last axis.
    """

    value: onnx.ValueInfoProto
    batched: bool
    last: bool

    def sides(self) -> list[onnx.TensorShapeProto.Dimension]:
        """Its dimensions of width and height."""
        dims = list(self.value.type.tensor_type.shape.dim)[1 if self.batched else 0 :]
        height, width = dims[:2] if self.last else dims[1:]
        return [width, height]


def standardised(model: onnx.ModelProto, size: tuple[int, int] | None) -> onnx.ModelProto:
    """The model with one input, a batch of pictures float32 [n,3,height,width].

    Channels last, other types of numbers, a missing batch axis and inputs that want to know the picture's
    size are taken care of by nodes before it. Outputs stay as they are.

    Args:
        model: as it came.
        size: width and height where it leaves them open.

    Raises:
        ModelLoadError: it takes no picture, or nobody says of which size.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    # Old exporters list weights among the inputs.
    constant = {tensor.name for tensor in copy.graph.initializer}
    inputs = [value for value in copy.graph.input if value.name not in constant]
    del copy.graph.input[:]
    copy.graph.input.extend(inputs)
    picture, others = _inputs(copy.graph.input)
    for dim, side in zip(picture.sides(), size or (0, 0), strict=True):
        if dim.dim_value <= 0:
            if not side:
                raise ModelLoadError(
                    "takes pictures of any size: its manifest must give input.width and .height"
                )
            dim.dim_value = side
    if picture.batched and not picture.last and not others and _kind(picture.value) == TensorProto.FLOAT:
        return copy
    _put_before(copy, picture, others)
    return copy


def size_told(model: onnx.ModelProto) -> tuple[int, int]:
    """Width and height of the pictures that a model as it came takes; 0 for one that it leaves open.

    Raises:
        ModelLoadError: it takes no picture.
    """
    constant = {tensor.name for tensor in model.graph.initializer}
    picture, _ = _inputs([value for value in model.graph.input if value.name not in constant])
    width, height = (max(side.dim_value, 0) for side in picture.sides())
    return width, height


def shape_of(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    """Of an input or output; None for a dimension that is not fixed."""
    return tuple(dim.dim_value if dim.dim_value > 0 else None for dim in value.type.tensor_type.shape.dim)


def takes_bytes(model: onnx.ModelProto) -> bool:
    """Whether a model as it came takes pictures of whole numbers, which are from 0 to 255."""
    constant = {tensor.name for tensor in model.graph.initializer}
    pictures = (_picture(value) for value in model.graph.input if value.name not in constant)
    kinds = {_kind(picture.value) for picture in pictures if picture is not None}
    return bool(kinds) and kinds <= {
        TensorProto.UINT8,
        TensorProto.INT8,
        TensorProto.INT32,
        TensorProto.INT64,
    }


def _inputs(inputs: Sequence[onnx.ValueInfoProto]) -> tuple[Picture, list[onnx.ValueInfoProto]]:
    """The input for pictures, and the others."""
    pictures = [picture for value in inputs if (picture := _picture(value)) is not None]
    others = [value for value in inputs if pictures and value is not pictures[0].value]
    if len(pictures) != 1 or any(value.name not in SIZES for value in others):
        names = ", ".join(f"{value.name:.60}{list(shape_of(value))}" for value in inputs[:4]) or "none"
        raise ModelLoadError(f"inputs: expected one picture [n,3,height,width], received {names}")
    return pictures[0], others


def _picture(value: onnx.ValueInfoProto) -> Picture | None:
    shape = shape_of(value)
    if len(shape) not in (3, 4):
        return None
    batched = len(shape) == 4
    first, last = shape[-3], shape[-1]
    if first == CHANNELS:
        return Picture(value, batched, last=False)
    return Picture(value, batched, last=True) if last == CHANNELS else None


def _kind(value: onnx.ValueInfoProto) -> int:
    return value.type.tensor_type.elem_type


def _put_before(model: onnx.ModelProto, picture: Picture, others: list[onnx.ValueInfoProto]) -> None:
    """Nodes that make the model's inputs from pictures of the one form."""
    width, height = (dim.dim_value for dim in picture.sides())
    first = picture.value.type.tensor_type.shape.dim[0]
    count = first.dim_value if picture.batched and first.dim_value > 0 else ("n" if picture.batched else 1)
    nodes = Nodes("sightline.standard.")
    pixels = PIXELS
    if picture.last:
        pixels = nodes.op("Transpose", pixels, perm=[0, 2, 3, 1])
    if not picture.batched:
        pixels = nodes.op("Squeeze", pixels, nodes.ints([0]))
    if _kind(picture.value) != TensorProto.FLOAT:
        pixels = nodes.op("Cast", pixels, to=_kind(picture.value))
    nodes.named(picture.value.name, pixels)
    for other in others:
        row = nodes.floats(np.array([SIZES[other.name](width, height)]))
        told = nodes.op("Expand", row, nodes.op("Concat", _pictures(nodes), nodes.ints([2]), axis=0))
        if len(shape_of(other)) == 1:
            told = nodes.op("Squeeze", told, nodes.ints([0]))
        nodes.named(other.name, nodes.op("Cast", told, to=_kind(other)))
    graph = model.graph
    standard = helper.make_tensor_value_info(PIXELS, TensorProto.FLOAT, (count, CHANNELS, height, width))
    written = [*nodes.written, *graph.node]
    del graph.input[:], graph.node[:]
    graph.input.append(standard)
    graph.node.extend(written)
    graph.initializer.extend(nodes.constants)


def _pictures(nodes: Nodes) -> str:
    """How many there are, as a shape of one dimension."""
    return nodes.op("Slice", nodes.op("Shape", PIXELS), nodes.ints([0]), nodes.ints([1]))
