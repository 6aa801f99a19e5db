"""Reads the normalisation that a graph begins with: what it does to pixels before its first layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

PASSING: Final = frozenset({"Cast", "Identity", "Transpose", "Squeeze", "Unsqueeze", "Resize", "Reshape"})
"""Operators that leave the values of pixels as they are."""
ARITHMETIC: Final = frozenset({"Add", "Sub", "Mul", "Div"})
MAX_NODES: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """``slope * pixel + shift``, float64 [1] or [3], in the order of the channels as they come in.

    Attributes:
        integer: whether the model takes whole numbers, which pixels from 0 to 255 are.
    """

    slope: NDArray[np.float64]
    shift: NDArray[np.float64]
    integer: bool

    def centre(self) -> NDArray[np.float64]:
        """The pixels that become 0."""
        return -self.shift / self.slope + 0.0


def affine_of(model: onnx.ModelProto) -> Affine | None:
    """What the first nodes of a model do to its pixels; None where they do nothing."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        weights.update((node.output[0], entry.t) for entry in node.attribute if entry.name == "value")
    picture = next((value for value in model.graph.input if value.name not in weights), None)
    if picture is None:
        return None
    slope, shift, turned, tensor = np.ones(1), np.zeros(1), False, picture.name
    for _ in range(MAX_NODES):
        node = _only_user(model, tensor)
        step = None if node is None else _step(node, tensor, weights)
        if node is None or step is None:
            break
        turned ^= _turns(node, weights)
        slope, shift, tensor = slope * step[0], shift * step[0] + step[1], node.output[0]
    integer = picture.type.tensor_type.elem_type == TensorProto.UINT8
    if not integer and (slope == 1).all() and not shift.any():
        return None
    order = slice(None, None, -1 if turned else 1)
    length = max(len(slope), len(shift))
    slope, shift = (np.broadcast_to(values, length)[order] for values in (slope, shift))
    return Affine(slope, shift, integer) if slope.all() else None


def _only_user(model: onnx.ModelProto, tensor: str) -> onnx.NodeProto | None:
    users = [node for node in model.graph.node if tensor in node.input]
    return users[0] if len(users) == 1 else None


def _step(
    node: onnx.NodeProto, tensor: str, weights: dict[str, onnx.TensorProto]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Factor and summand of one node; None for one that does more than that."""
    if node.op_type in PASSING or _turns(node, weights):
        return np.ones(1), np.zeros(1)
    others = [_channels(weights.get(name)) for name in node.input if name != tensor]
    if node.op_type == "BatchNormalization":
        scale, offset, mean, variance = others
        if scale is None or offset is None or mean is None or variance is None:
            return None
        given = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        factor = scale / np.sqrt(variance + float(given.get("epsilon", 1e-5)))
        return factor, offset - mean * factor
    if node.op_type not in ARITHMETIC or len(others) != 1 or others[0] is None:
        return None
    value, first = others[0], node.input[0] == tensor
    if node.op_type == "Add":
        return np.ones(1), value
    if node.op_type == "Sub":
        return (np.ones(1), -value) if first else (-np.ones(1), value)
    if node.op_type == "Mul":
        return value, np.zeros(1)
    return (1 / value, np.zeros(1)) if first and value.all() else None


def _turns(node: onnx.NodeProto, weights: dict[str, onnx.TensorProto]) -> bool:
    """Whether a node turns the order of the channels."""
    if node.op_type == "Gather" and node.input[1] in weights:
        return bool(numpy_helper.to_array(weights[node.input[1]]).tolist() == [2, 1, 0])
    if node.op_type == "Slice" and len(node.input) == 5 and node.input[4] in weights:
        return bool(numpy_helper.to_array(weights[node.input[4]]).ravel().tolist() == [-1])
    return False


def _channels(tensor: onnx.TensorProto | None) -> NDArray[np.float64] | None:
    """A constant of one number or of one a channel."""
    if tensor is None:
        return None
    values = numpy_helper.to_array(tensor).astype(np.float64).ravel()
    return values if len(values) in (1, 3) else None
