"""A Keras model as ONNX: channels first, versions explicit, every layer by its own few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from detectors.compiling.nodes import Nodes
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.manifest import InputSpec

IR_VERSION: Final = 8
OPSET: Final = 17
ENTRY: Final = "image"
FEATURES: Final = "features"


def written(model: Any, spec: InputSpec) -> onnx.ModelProto:
    """The model from ``image`` float [n,3,height,width] to ``features`` [n,d].

    Args:
        model: functional, its input [n,height,width,3], its output a row a picture.
        spec: of its input.

    Raises:
        TrainerError: it has a layer that is not known here.
    """
    nodes = Nodes("keras.")
    names = {id(model.inputs[0]): ENTRY}
    result = _tensor(nodes, model.outputs[0], names)
    nodes.named(FEATURES, result)
    entry = helper.make_tensor_value_info(ENTRY, TensorProto.FLOAT, ["pictures", 3, spec.height, spec.width])
    leave = helper.make_tensor_value_info(
        FEATURES, TensorProto.FLOAT, ["pictures", int(model.output_shape[-1])]
    )
    graph = helper.make_graph(nodes.written, "backbone", [entry], [leave], nodes.constants)
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="sightline",
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def _tensor(nodes: Nodes, tensor: Any, names: dict[int, str]) -> str:
    """The name of what computes ``tensor``; layers before it are written first, without recursion."""
    waiting = [tensor]
    while waiting:
        current = waiting[-1]
        if id(current) in names:
            waiting.pop()
            continue
        operation, index, _ = current._keras_history
        node = operation._inbound_nodes[index]
        missing = [each for each in node.input_tensors if id(each) not in names]
        if missing:
            waiting += missing
            continue
        given = [names[id(each)] for each in node.input_tensors]
        names[id(current)] = _operation(nodes, operation, node, given)
    return names[id(tensor)]


def _operation(nodes: Nodes, operation: Any, node: Any, given: list[str]) -> str:
    kind = type(operation).__name__
    if kind in _SCALARS and len(given) == 1:
        pair = (
            nodes.floats(each) if isinstance(each, (int, float)) else given[0]
            for each in node.arguments.args[:2]
        )
        return nodes.op(_SCALARS[kind], *pair)
    writer = _LAYERS.get(kind)
    if writer is not None:
        return writer(nodes, operation, given)
    raise TrainerError(f"layer {operation.name}: {kind} cannot be written as ONNX yet")


def _conv(nodes: Nodes, layer: Any, given: list[str]) -> str:
    kernel = np.asarray(layer.kernel)
    if type(layer).__name__ == "DepthwiseConv2D":
        height, width, channels, times = kernel.shape
        kernel = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, height, width)
        groups = channels
    else:
        kernel, groups = kernel.transpose(3, 2, 0, 1), layer.groups
    inputs = [given[0], nodes.floats(kernel)]
    if layer.use_bias:
        inputs.append(nodes.floats(np.asarray(layer.bias)))
    result = nodes.op(
        "Conv", *inputs,
        kernel_shape=list(layer.kernel_size), strides=list(layer.strides),
        dilations=list(layer.dilation_rate), group=groups, auto_pad=_padding(layer),
    )  # fmt: skip
    return _activated(nodes, layer.activation, result)


def _padding(layer: Any) -> str:
    # TensorFlow's "same" puts the odd pixel at the end.
    return "SAME_UPPER" if layer.padding == "same" else "VALID"


def _norm(nodes: Nodes, layer: Any, given: list[str]) -> str:
    mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
    gamma = np.asarray(layer.gamma) if layer.scale else np.ones_like(mean)
    beta = np.asarray(layer.beta) if layer.center else np.zeros_like(mean)
    constants = [nodes.floats(each) for each in (gamma, beta, mean, variance)]
    return nodes.op("BatchNormalization", given[0], *constants, epsilon=float(layer.epsilon))


def _pool(kind: str) -> Callable[[Nodes, Any, list[str]], str]:
    def write(nodes: Nodes, layer: Any, given: list[str]) -> str:
        return nodes.op(
            kind, given[0],
            kernel_shape=list(layer.pool_size), strides=list(layer.strides), auto_pad=_padding(layer),
        )  # fmt: skip

    return write


def _global(kind: str) -> Callable[[Nodes, Any, list[str]], str]:
    def write(nodes: Nodes, layer: Any, given: list[str]) -> str:
        result = nodes.op(kind, given[0])
        return result if layer.keepdims else nodes.op("Flatten", result)

    return write


def _dense(nodes: Nodes, layer: Any, given: list[str]) -> str:
    result = nodes.op("MatMul", given[0], nodes.floats(np.asarray(layer.kernel)))
    if layer.use_bias:
        result = nodes.op("Add", result, nodes.floats(np.asarray(layer.bias)))
    return _activated(nodes, layer.activation, result)


def _activated(nodes: Nodes, function: Any, given: str) -> str:
    name = getattr(function, "__name__", str(function))
    if name not in _ACTIVATIONS:
        raise TrainerError(f"activation {name} cannot be written as ONNX yet")
    return _ACTIVATIONS[name](nodes, given)


def _clipped(nodes: Nodes, given: str) -> str:
    return nodes.op("Clip", given, nodes.floats(0), nodes.floats(6))


def _relu(nodes: Nodes, layer: Any, given: list[str]) -> str:
    if layer.negative_slope or layer.threshold or layer.max_value not in (None, 6):
        raise TrainerError(f"layer {layer.name}: this ReLU cannot be written as ONNX yet")
    return nodes.op("Relu", given[0]) if layer.max_value is None else _clipped(nodes, given[0])


def _concat(nodes: Nodes, layer: Any, given: list[str]) -> str:
    return nodes.op("Concat", *given, axis=1)


def _padded(nodes: Nodes, layer: Any, given: list[str]) -> str:
    (top, bottom), (left, right) = layer.padding
    return nodes.op("Pad", given[0], nodes.ints([0, 0, top, left, 0, 0, bottom, right]))


def _reshaped(nodes: Nodes, layer: Any, given: list[str]) -> str:
    """Only rows of channels to maps of one pixel: others would mix the order of axes."""
    if tuple(layer.target_shape[:2]) != (1, 1) or len(layer.target_shape) != 3:
        raise TrainerError(f"layer {layer.name}: reshape to {layer.target_shape} cannot be written as ONNX")
    return nodes.op("Reshape", given[0], nodes.ints([0, layer.target_shape[2], 1, 1]))


def _rescaled(nodes: Nodes, layer: Any, given: list[str]) -> str:
    scale, offset = (
        np.reshape(np.asarray(each, np.float32), (-1, 1, 1)) for each in (layer.scale, layer.offset)
    )
    return nodes.op("Add", nodes.op("Mul", given[0], nodes.floats(scale)), nodes.floats(offset))


def _scaled_features(nodes: Nodes, layer: Any, given: list[str]) -> str:
    return nodes.op("Mul", nodes.op("Sub", given[0], nodes.floats(layer.mean)), nodes.floats(layer.factor))


_ACTIVATIONS: Final[dict[str, Callable[[Nodes, str], str]]] = {
    "linear": lambda nodes, given: given,
    "relu": lambda nodes, given: nodes.op("Relu", given),
    "relu6": _clipped,
    "sigmoid": lambda nodes, given: nodes.op("Sigmoid", given),
    "silu": lambda nodes, given: nodes.op("Mul", given, nodes.op("Sigmoid", given)),
    "swish": lambda nodes, given: nodes.op("Mul", given, nodes.op("Sigmoid", given)),
    "hard_sigmoid": lambda nodes, given: nodes.op("HardSigmoid", given, alpha=1 / 6, beta=0.5),
    "hard_silu": lambda nodes, given: nodes.op("HardSwish", given),
    "softmax": lambda nodes, given: nodes.op("Softmax", given, axis=-1),
}
_LAYERS: Final[dict[str, Callable[[Nodes, Any, list[str]], str]]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _conv,
    "BatchNormalization": _norm,
    "MaxPooling2D": _pool("MaxPool"),
    "AveragePooling2D": _pool("AveragePool"),
    "GlobalAveragePooling2D": _global("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global("GlobalMaxPool"),
    "Dense": _dense,
    "Activation": lambda nodes, layer, given: _activated(nodes, layer.activation, given[0]),
    "ReLU": _relu,
    "Add": lambda nodes, layer, given: nodes.op("Sum", *given),
    "Multiply": lambda nodes, layer, given: nodes.op("Mul", *given),
    "Concatenate": _concat,
    "ZeroPadding2D": _padded,
    "Dropout": lambda nodes, layer, given: given[0],
    "Reshape": _reshaped,
    "Rescaling": _rescaled,
    "FeatureScale": _scaled_features,
}
_SCALARS: Final = {"Add": "Add", "Multiply": "Mul", "Subtract": "Sub", "TrueDivide": "Div"}
"""Operations of Keras on a tensor and a number."""
