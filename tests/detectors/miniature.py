"""Hand-built models of each family, small enough to know by heart what they find.

Every one takes 64x64 pictures and answers with constants plus the picture's brightness (0..1) times other
constants, so that pictures of a batch differ and a dark one shows nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 64
CELLS = 64 + 16 + 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a miniature is written.

    Attributes:
        opset: of the standard operators.
        batch: size of the batch axis; None leaves it open.
        coupled: whether the pictures of a batch influence one another, as in dynamic quantisation.
        metadata: of the file.
        open_size: whether it takes pictures of any size.
    """

    opset: int = 17
    batch: int | None = 1
    coupled: bool = False
    metadata: tuple[tuple[str, str], ...] = ()
    open_size: bool = False


PLAIN = Recipe()


def build(
    dark: Mapping[str, NDArray[np.float32]],
    lit: Mapping[str, NDArray[np.float32]],
    recipe: Recipe = PLAIN,
    white: float = 255,
) -> onnx.ModelProto:
    """A model whose outputs, by name, are ``dark + brightness * lit``; arrays are [1, ...].

    ``white`` is the value of a white pixel as the model gets it.
    """
    nodes = [helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=1)]
    light = "mean"
    constants = [numpy_helper.from_array(np.float32(white), "white")]
    if recipe.coupled:
        nodes.append(helper.make_node("ReduceMax", ["mean"], ["brightest"], axes=[0], keepdims=1))
        nodes.append(helper.make_node("Add", ["mean", "brightest"], ["coupled"]))
        light = "coupled"
    nodes.append(helper.make_node("Div", [light, "white"], ["brightness"]))
    outputs = []
    for name, base in dark.items():
        # As exporters write it: a reshape to the batch the model was traced with.
        shape = np.array([1 if recipe.batch == 1 else -1, *[1] * (base.ndim - 1)], np.int64)
        constants += [
            numpy_helper.from_array(base.astype(np.float32), f"{name}.dark"),
            numpy_helper.from_array(lit[name].astype(np.float32), f"{name}.lit"),
            numpy_helper.from_array(shape, f"{name}.shape"),
        ]
        nodes += [
            helper.make_node("Reshape", ["brightness", f"{name}.shape"], [f"{name}.light"]),
            helper.make_node("Mul", [f"{name}.light", f"{name}.lit"], [f"{name}.added"]),
            helper.make_node("Add", [f"{name}.added", f"{name}.dark"], [name]),
        ]
        axes = (recipe.batch or "n", *base.shape[1:])
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, axes))
    return _model(nodes, constants, outputs, recipe)


def _model(
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto],
    outputs: list[onnx.ValueInfoProto],
    recipe: Recipe,
) -> onnx.ModelProto:
    sides = ("h", "w") if recipe.open_size else (SIDE, SIDE)
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, (recipe.batch or "n", 3, *sides))
    graph = helper.make_graph(nodes, "miniature", [images], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", recipe.opset)])
    model.ir_version = 8
    for key, value in recipe.metadata:
        model.metadata_props.add(key=key, value=value)
    return model


def yolox(recipe: Recipe = PLAIN, classes: int = 3) -> onnx.ModelProto:
    """Two objects when bright: class 1 at (20,20)-(44,44), class 2 at (0,8)-(16,40); all else is silent.

    The first is told twice, by cells of two grids, the second time worse: suppression has work to do.
    """
    dark = np.zeros((1, CELLS, 5 + classes), np.float32)
    lit = np.zeros_like(dark)
    told = (
        # cell of the grid of stride 8: row 4, column 4, its centre offset to (32,32); ln(24 / 8)
        (4 * 8 + 4, (0.0, 0.0, np.log(3), np.log(3)), 0.9, 1, 0.9),
        # the same from the grid of stride 16 (64 cells before it): row 2, column 2
        (64 + 2 * 4 + 2, (0.0, 0.0, np.log(1.5), np.log(1.5)), 0.8, 1, 0.8),
        # row 3, column 1, of stride 8: centre (8,24), 16 wide, 32 high
        (3 * 8 + 1, (0.0, 0.0, np.log(2), np.log(4)), 0.7, 2, 1.0),
    )
    for cell, box, objectness, label, certainty in told:
        dark[0, cell, :4] = box
        lit[0, cell, 4] = objectness
        dark[0, cell, 5 + label] = certainty
    return build({"output": dark}, {"output": lit}, recipe)


def ultralytics(recipe: Recipe = PLAIN, classes: int = 3) -> onnx.ModelProto:
    """The same two objects as a v8 head; the first is also a little of class 0."""
    dark = np.zeros((1, 4 + classes, CELLS), np.float32)
    lit = np.zeros_like(dark)
    for cell, box, label, score in (
        (36, (32, 32, 24, 24), 1, 0.81),
        (36, (32, 32, 24, 24), 0, 0.4),
        (74, (32, 33, 24, 24), 1, 0.64),
        (25, (8, 24, 16, 32), 2, 0.7),
    ):
        dark[0, :4, cell] = box
        lit[0, 4 + label, cell] = score
    return build({"output0": dark}, {"output0": lit}, recipe, white=1)


def sightline(recipe: Recipe = PLAIN, classes: int = 3) -> onnx.ModelProto:
    """The same two objects as maps of logits and of log distances; a dark picture's logits are -20."""
    grids = {8: 8, 16: 4, 32: 2}
    dark: dict[str, NDArray[np.float32]] = {}
    for stride, cells in grids.items():
        dark[f"cls{stride}"] = np.full((1, classes, cells, cells), -20, np.float32)
    for stride, cells in grids.items():
        dark[f"reg{stride}"] = np.zeros((1, 4, cells, cells), np.float32)
    lit = {name: np.zeros_like(base) for name, base in dark.items()}
    # Centre of row 4, column 4 at stride 8: (36,36); 16 to the left and up, 8 to the right and down.
    dark["reg8"][0, :, 4, 4] = np.log([2, 2, 1, 1])
    lit["cls8"][0, 1, 4, 4] = 22
    # Centre of row 2, column 2 at stride 16: (40,40).
    dark["reg16"][0, :, 2, 2] = np.log([20 / 16, 20 / 16, 4 / 16, 4 / 16])
    lit["cls16"][0, 1, 2, 2] = 21
    # Centre of row 3, column 1 at stride 8: (12,28).
    dark["reg8"][0, :, 3, 1] = np.log([12 / 8, 20 / 8, 4 / 8, 12 / 8])
    lit["cls8"][0, 2, 3, 1] = 21.5
    return build(dark, lit, recipe)


BUILDERS = {"yolox": yolox, "ultralytics-v8": ultralytics, "sightline": sightline}
LABELS = ("ant", "bee", "cow")
BOXES = {"bee": (20, 20, 44, 44), "cow": (0, 8, 16, 40)}
"""What every miniature finds in a white picture of 64x64 pixels."""


def write(model: onnx.ModelProto, path: Path, **manifest: object) -> Path:
    """The model as a file, with a manifest beside it when fields of one are given."""
    path.write_bytes(model.SerializeToString())
    if manifest:
        path.with_suffix(".json").write_text(json.dumps(manifest))
    return path
