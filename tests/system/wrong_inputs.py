"""Makes files that are wrong in every way that a user, or somebody hostile, may come up with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, helper

from detectors.store import resolve

CONFIG: Final = """\
cameras:
  yard: {source: "sim://street", fps: 5}
  Gate: {source: "sim://street"}
http: {port: 70000}
"""
COCO: Final = {
    "images": [{"id": 1, "file_name": "missing.jpg"}],
    "annotations": [],
    "categories": [{"id": 1, "name": "person"}],
}
GIGABYTE: Final = 2**30


def write_wrong_inputs(folder: Path, footage: Path) -> None:
    """All of them, below ``folder``; ``footage`` is a good video."""
    video, model = footage.read_bytes(), resolve("sightline-nano").weights.read_bytes()
    contents = {
        "text.mp4": b"no video\n" * 100,
        "text.jpg": b"no picture\n" * 100,
        "empty.mp4": b"",
        "empty.jpg": b"",
        "head.mp4": video[: len(video) // 3],
        "text.onnx": b"no model\n" * 100,
        "empty.onnx": b"",
        "half.onnx": model[: len(model) // 2],
        "wrong.yaml": CONFIG.encode(),
        "torn.yaml": b"cameras:\n  yard: [\n",
        "bytes.yaml": b"\xff\xfe\x00",
        "variable.yaml": b"cameras:\n  yard: {source: '${SIGHTLINE_NOT_SET}'}\n",
        "a-file": b"",
        "det.txt": b"1,-1,10,10,20,40,0.9\n2,-1,left,10,20,40,0.9\n",
        "torn.json": b"{",
        "list.json": b"[]",
        "keys.json": b'{"images": []}',
        "missing.json": json.dumps(COCO).encode(),
        "good.json": json.dumps({**COCO, "images": [{"id": 1, "file_name": "good.jpg"}]}).encode(),
        "unknown.json": json.dumps({**COCO, "categories": [{"id": 1, "name": "unicorn"}]}).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "empty-folder").mkdir()
    outside = folder / "outside.bin"
    outside.write_bytes(bytes(4 * 3))
    models = folder / "models"
    models.mkdir()
    onnx.save(_external("../outside.bin"), models / "external.onnx")
    onnx.save(_external("/etc/passwd"), models / "passwd.onnx")
    onnx.save(_reshaped([1, 3, 100_000, 100_000]), models / "large.onnx")
    onnx.save(_claiming(), models / "claims.onnx")


def _model(nodes: list[onnx.NodeProto], shape: list[int], *tensors: TensorProto) -> onnx.ModelProto:
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "wrong", [images], [output], list(tensors))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _external(location: str) -> onnx.ModelProto:
    """A model whose weights lie in a file that is none of its business."""
    weights = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[3])
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    add = helper.make_node("Add", ["images", "weights"], ["output"])
    return _model([add], [1, 3, 32, 32], weights)


def _reshaped(shape: list[int]) -> onnx.ModelProto:
    """A model that takes pictures of 120 GB."""
    return _model([helper.make_node("Identity", ["images"], ["output"])], shape)


def _claiming() -> onnx.ModelProto:
    """A model of 200 bytes that says it holds a gigabyte of weights."""
    weights = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[GIGABYTE // 4])
    weights.raw_data = bytes(16)
    add = helper.make_node("Add", ["images", "weights"], ["output"])
    return _model([add], [1, 3, 32, 32], weights)
