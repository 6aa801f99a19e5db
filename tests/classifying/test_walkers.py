"""The whole service on the simulated street: who wears a vest, and who does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from system.serving import serving, until

from detectors.store import MANIFEST, WEIGHTS, ModelStore

YELLOW = 0.02
"""Mean over a crop of how yellow its pixels are, from which on somebody wears a vest."""


def vests() -> onnx.ModelProto:
    """RGB from 0 to 1, 64x64: yellow pixels, counted."""
    weights = np.array([0.5, 0.5, -1.0], np.float32).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["image", "weights", "bias"], ["yellow"]),
        helper.make_node("Relu", ["yellow"], ["only"]),
        helper.make_node("ReduceMean", ["only"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "spread", "shift"], ["answer"]),
    ]
    constants = {
        "weights": weights,
        "bias": np.array([-0.25], np.float32),
        "spread": np.array([[-200.0, 200.0]], np.float32),
        "shift": np.array([200.0, -200.0], np.float32) * np.float32(YELLOW),
    }
    graph = helper.make_graph(
        nodes,
        "vests",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def add(store: ModelStore, labels: list[str]) -> None:
    with store.stage("vests") as folder:
        (folder / WEIGHTS).write_bytes(vests().SerializeToString())
        stated = {"task": "classify", "labels": labels, "input": {"channels": "rgb", "std": [255, 255, 255]}}
        (folder / MANIFEST).write_text(json.dumps(stated))


def said(service: Any) -> set[str | None]:
    return {each["sub_label"] for each in service.events(limit=200)}


def test_events_say_who_wears_a_vest_and_a_promoted_version_takes_over(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "data" / "models")
    add(store, ["plain", "vest"])
    add(store, ["without", "with"])
    config = tmp_path / "street.yaml"
    config.write_text(
        f"cameras: {{street: {{source: 'sim://street?seed=3&kinds=2&people=6&size=640x360'}}}}\n"
        f"classifiers: [{{model: vests, on: person}}]\ndata: {tmp_path / 'data'}\n"
        "http: {port: 0}\n"
    )
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: {"plain", "vest"} <= said(service))
        dropped = service.cameras()["street"]["dropped"].get("error", 0)
        store.promote("vests", "2")
        until(lambda: said(service) & {"without", "with"})
        assert service.cameras()["street"]["dropped"].get("error", 0) == dropped == 0
