"""A classifier small enough to know by heart: whether a picture is rather red or rather blue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 8
STEEP = 10.0
"""Logits of a share of 1 of a colour."""


@dataclass(frozen=True, slots=True)
class Form:
    """How it is written.

    Attributes:
        labels: of red and blue.
        softmax: whether it answers probabilities.
        last: whether channels are the last axis of its input.
        batch: size of the batch axis; None leaves it open.
        metadata: of the file beside the labels.
        normalises: whether its graph begins with a division by 255.
    """

    labels: tuple[str, str] = ("red", "blue")
    softmax: bool = True
    last: bool = False
    batch: int | None = None
    metadata: tuple[tuple[str, str], ...] = (("mean", "[0,0,0]"), ("std", "[1,1,1]"), ("channels", "rgb"))
    normalises: bool = False


def colours(form: Form = Form()) -> onnx.ModelProto:
    """RGB from 0 to 1 (from 0 to 255 where it normalises) to the two classes."""
    nodes = [helper.make_node("Div", ["image", "white"], ["scaled"])] if form.normalises else []
    pixels = "scaled" if form.normalises else "image"
    axes = [1, 2] if form.last else [2, 3]
    nodes += [
        helper.make_node("ReduceMean", [pixels], ["means"], axes=axes, keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["logits"]),
        helper.make_node("Softmax" if form.softmax else "Identity", ["logits"], ["answer"]),
    ]
    weights = np.array([[STEEP, 0], [0, 0], [0, STEEP]], np.float32)
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.float32(255), "white"),
    ]
    batch = "n" if form.batch is None else form.batch
    shape = [batch, SIDE, SIDE, 3] if form.last else [batch, 3, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [batch, 2])],
        constants[: 2 if form.normalises else 1],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"labels": str(list(form.labels)), **dict(form.metadata)})
    return model


def written(path: Path, form: Form = Form()) -> Path:
    onnx.save(colours(form), str(path))
    return path


def expected(image: np.ndarray) -> np.ndarray:
    """Probabilities of a picture uint8 HxWx3 BGR of one colour."""
    blue, _, red = (image.reshape(-1, 3).mean(axis=0) / 255).tolist()
    logits = np.exp(np.array([STEEP * red, STEEP * blue]))
    return logits / logits.sum()
