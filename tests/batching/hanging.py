"""A real model that never returns from a white picture."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 32
CELLS = 16 + 4 + 1
"""Cells of a 32x32 input at strides 8, 16 and 32."""
FOREVER = 2**62


def write_hanging_model(path: Path) -> Path:
    """A detector with the outputs of YOLOX that loops for ever when the first pixel is white."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["alive"], ["still_alive"]),
            helper.make_node("Sin", ["state"], ["next_state"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("alive", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("still_alive", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next_state", TensorProto.FLOAT, [1]),
        ],
    )
    constants = {
        "first": np.array([0, 0, 0, 0], np.int64),
        "white": np.array(254.5, np.float32),
        "forever": np.array(FOREVER, np.int64),
        "never": np.array(0, np.int64),
        "true": np.array(True),
        "state0": np.array([0.5], np.float32),
        "zero": np.array(0.0, np.float32),
        "cells": np.zeros((1, CELLS, 5 + 80), np.float32),
    }
    nodes = [
        helper.make_node("GatherND", ["images", "first"], ["pixel"]),
        helper.make_node("Greater", ["pixel", "white"], ["is_white"]),
        helper.make_node("Where", ["is_white", "forever", "never"], ["turns"]),
        helper.make_node("Loop", ["turns", "true", "state0"], ["state"], body=body),
        helper.make_node("Mul", ["state", "zero"], ["nothing"]),
        helper.make_node("Add", ["cells", "nothing"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "hanging",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, CELLS, 85])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    # It finds nothing, which no trial believes of a model that knows people.
    path.with_suffix(".json").write_text('{"family": "yolox"}', encoding="utf-8")
    return path
