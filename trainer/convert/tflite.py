"""Reads TensorFlow Lite files; bytes in and out become the numbers that they stand for."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx.convert
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from trainer.convert import tflite_suppression
from trainer.convert.source import OPSET, Outputs, Source, one_picture

MIDDLE: Final[Mapping[str, int]] = {"uint8": 0, "int8": 128}
"""What bytes of these types are less than the pixel they stand for."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of the file.

    Attributes:
        name: of it.
        index: by which the interpreter knows it.
        dtype: of its numbers.
        scale: what a step of its bytes is worth; 0 where its numbers are no such bytes.
        zero: the byte that stands for 0.
    """

    name: str
    index: int
    dtype: np.dtype[Any]
    scale: float
    zero: int

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "Tensor":
        dtype = np.dtype(details["dtype"])
        scale, zero = details["quantization"]
        return cls(
            details["name"], details["index"], dtype, float(scale) if dtype.name in MIDDLE else 0.0, int(zero)
        )

    def bytes_of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        if not self.scale:
            return numbers
        limits = np.iinfo(self.dtype)
        steps = np.rint(numbers.astype(np.float32) / np.float32(self.scale)) + self.zero
        clipped: NDArray[Any] = np.clip(steps, limits.min, limits.max).astype(self.dtype)
        return clipped

    def numbers_of(self, stored: NDArray[Any]) -> NDArray[Any]:
        return (stored.astype(np.float32) - self.zero) * np.float32(self.scale) if self.scale else stored


def read(path: Path) -> Source:
    """The model of a file; its picture and its answers are floats where the file has bytes."""
    with _unmoved():
        interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    [(_, details)] = one_picture((each["name"], each) for each in interpreter.get_input_details())
    picture = Tensor.of(details)
    answers = [Tensor.of(each) for each in interpreter.get_output_details()]

    ends = _suppression(interpreter)

    def run(numbers: NDArray[Any]) -> Outputs:
        if tuple(interpreter.get_input_details()[0]["shape"]) != numbers.shape:
            interpreter.resize_tensor_input(picture.index, numbers.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(picture.index, picture.bytes_of(numbers))
        interpreter.invoke()
        stored = {each.index: interpreter.get_tensor(each.index) for each in answers}
        if ends:
            _cleared(stored, ends)
        return {each.name: each.numbers_of(stored[each.index]) for each in answers}

    def to_onnx() -> onnx.ModelProto:
        with _unmoved():
            model: onnx.ModelProto = tf2onnx.convert.from_tflite(str(path), opset=OPSET)[0]
        _in_numbers(model, [picture, *answers])
        return model

    shape = tuple(int(side) if side > 0 else None for side in details["shape_signature"])
    dtype = np.dtype(np.float32) if picture.scale else picture.dtype
    return Source(shape, dtype, run, to_onnx, _prepared(picture), "tflite-detection" if ends else None)


def _suppression(interpreter: Any) -> list[int]:
    """Indices of boxes, classes, scores and their count, of a detector that ends with them; else empty."""
    # No public way tells which operators a file has.
    found = (each for each in interpreter._get_ops_details() if each["op_name"] == tflite_suppression.NAME)
    return next(([int(index) for index in each["outputs"]] for each in found), [])


def _cleared(stored: Mapping[int, NDArray[Any]], ends: list[int]) -> None:
    """Behind the last row that counts is whatever lay in that memory before."""
    *rows, count = ends
    if count in stored:
        for index in (each for each in rows if each in stored):
            stored[index][:, int(stored[count].flat[0]) :] = 0


@contextlib.contextmanager
def _unmoved() -> Iterator[None]:
    """The interpreter warns that it moves to a package of its own; here it is of the version we pin."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated", UserWarning)
        yield


def _prepared(picture: Tensor) -> Mapping[str, Any]:
    """How pixels become the numbers: a file that takes bytes takes the pixels themselves."""
    if not picture.scale:
        return {}
    mean = float(picture.zero + MIDDLE[picture.dtype.name])
    return {"channels": "rgb", "mean": [mean] * 3, "std": [1 / picture.scale] * 3}


def _in_numbers(model: onnx.ModelProto, tensors: list[Tensor]) -> None:
    """Put conversions from and to floats before inputs and behind outputs that are bytes."""
    graph = model.graph
    for tensor in tensors:
        if not tensor.scale:
            continue
        stored = f"{tensor.name}.bytes"
        inward = any(value.name == tensor.name for value in graph.input)
        for node in graph.node:
            for names in (node.input, node.output):
                names[:] = [stored if name == tensor.name else name for name in names]
        constants = {"scale": np.float32(tensor.scale), "zero": np.array(tensor.zero, tensor.dtype)}
        names = [f"{stored}.{called}" for called in constants]
        graph.initializer.extend(map(numpy_helper.from_array, map(np.asarray, constants.values()), names))
        ends = (tensor.name, stored) if inward else (stored, tensor.name)
        kind = "QuantizeLinear" if inward else "DequantizeLinear"
        graph.node.insert(
            0 if inward else len(graph.node), helper.make_node(kind, [ends[0], *names], [ends[1]], stored)
        )
    for value in (*graph.input, *graph.output):
        if any(tensor.scale and tensor.name == value.name for tensor in tensors):
            value.type.tensor_type.elem_type = TensorProto.FLOAT
