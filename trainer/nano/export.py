"""The averaged weights as an ONNX graph: normalisation folded, versions explicit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trainer.nano.architecture import STRIDES, Concat, Conv, Layer, Merge, NetworkSpec, Pool, layers, outputs
from trainer.nano.checkpoint import Arrays

# onnx writes newer ones by default than onnxruntime reads.
IR_VERSION = 8
OPSET = 17
# Of network.FusedNorm, which cannot be imported here: this file must do without TensorFlow.
EPSILON = 1e-3

Parts = tuple[list[onnx.NodeProto], list[onnx.TensorProto]]


def graph(spec: NetworkSpec, arrays: Arrays, size: int = 320) -> onnx.ModelProto:
    """The network as a model from `images` float [N, 3, size, size] BGR 0..255 to `outputs()`.

    Args:
        spec: The network.
        arrays: Its arrays by the names of the Keras variables (`stem/kernel`, `stem_norm/gamma`, ..).
        size: Side of the input in pixels.
    """
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    for layer in layers(spec):
        made, stored = _WRITERS[type(layer)](layer, arrays)
        nodes += made
        constants += stored
    entry = helper.make_tensor_value_info("images", TensorProto.FLOAT, ("N", 3, size, size))
    channels = [len(spec.labels)] * len(STRIDES) + [4] * len(STRIDES)
    exits = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("N", width, size // stride, size // stride))
        for name, width, stride in zip(outputs(), channels, STRIDES * 2, strict=True)
    ]
    body = helper.make_graph(nodes, "sightline_nano", [entry], exits, constants)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="sightline"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def write(model: onnx.ModelProto, path: Path) -> None:
    """Put the model in place in one step, so that nobody loads half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(model.SerializeToString())
    fresh.replace(path)


def _conv(layer: Conv, arrays: Arrays) -> Parts:
    kernel, bias = _folded(layer, arrays)
    if layer.source == "images":
        kernel = kernel / 255
    constants = [
        numpy_helper.from_array(
            np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32), f"{layer.name}.weight"
        ),
        numpy_helper.from_array(bias.astype(np.float32), f"{layer.name}.bias"),
    ]
    # TensorFlow's "same" on an even size: with stride 2 the padding is at the end only.
    around = layer.kernel // 2
    pads = [around] * 4 if layer.stride == 1 else [0, 0, around, around]
    result = f"{layer.name}.conv" if layer.normed else layer.name
    nodes = [
        helper.make_node(
            "Conv",
            [layer.source, f"{layer.name}.weight", f"{layer.name}.bias"],
            [result],
            name=result,
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=pads,
        )
    ]
    if layer.normed:
        nodes.append(helper.make_node("Relu", [result], [layer.name], name=layer.name))
    return nodes, constants


def _folded(layer: Conv, arrays: Arrays) -> tuple[Any, Any]:
    """Kernel [h, w, in, out] and bias [out] of the layer with its normalisation."""
    kernel = arrays[f"{layer.name}/kernel"].astype(np.float64)
    if not layer.normed:
        return kernel, arrays[f"{layer.name}/bias"]
    norm = {
        part: arrays[f"{layer.name}_norm/{part}"].astype(np.float64)
        for part in ("gamma", "beta", "mean", "variance")
    }
    factor = norm["gamma"] / np.sqrt(norm["variance"] + EPSILON)
    return kernel * factor, norm["beta"] - norm["mean"] * factor


def _pool(layer: Pool, arrays: Arrays) -> Parts:
    node = helper.make_node(
        "MaxPool", [layer.source], [layer.name], name=layer.name, kernel_shape=[5, 5], pads=[2, 2, 2, 2]
    )
    return [node], []


def _concat(layer: Concat, arrays: Arrays) -> Parts:
    return [helper.make_node("Concat", list(layer.sources), [layer.name], name=layer.name, axis=1)], []


def _merge(layer: Merge, arrays: Arrays) -> Parts:
    doubled = f"{layer.name}.doubled"
    scales = f"{layer.name}.scales"
    nodes = [
        helper.make_node(
            "Resize", [layer.coarser, "", scales], [doubled], name=doubled, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        ),
        helper.make_node("Add", [layer.finer, doubled], [layer.name], name=layer.name),
    ]  # fmt: skip
    return nodes, [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), scales)]


_WRITERS: dict[type[Layer], Callable[[Any, Arrays], Parts]] = {
    Conv: _conv,
    Pool: _pool,
    Concat: _concat,
    Merge: _merge,
}
