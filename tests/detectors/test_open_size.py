"""A model that takes pictures of any size runs at the usual one of its family, unless a size is said."""

import json

import cv2
import numpy as np
import onnx
import pytest
from miniature import LABELS, write
from onnx import TensorProto, helper, numpy_helper

from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.session import Limits, SessionOptions
from streamer.cli import main

CPU = SessionOptions(provider="cpu", workers=1)
WHITE = 255
OUTPUT = "output"


def cells_of_light(nodes, constants, strides):
    """For each cell of these grids how far it is above nine tenths of white: [n,cells,1]."""
    constants |= {"dim": 0.9 * WHITE, "steep": 0.1 * WHITE, "none": 0.0, "all": 1.0}
    nodes.append(helper.make_node("ReduceMin", ["images"], ["grey"], axes=[1], keepdims=1))
    for stride in strides:
        kernel = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes += [
            helper.make_node("AveragePool", ["grey"], [f"pooled{stride}"], **kernel),
            helper.make_node("Reshape", [f"pooled{stride}", "row"], [f"cells{stride}"]),
        ]
    nodes += [
        helper.make_node("Concat", [f"cells{stride}" for stride in strides], ["light"], axis=1),
        helper.make_node("Sub", ["light", "dim"], ["above"]),
        helper.make_node("Div", ["above", "steep"], ["share"]),
        helper.make_node("Clip", ["share", "none", "all"], ["lit"]),
    ]


def open_yolox():
    """Raw YOLOX [n,cells,8] of pictures of any size: every white cell is a bee of two cells' width."""
    nodes, constants = [], {}
    cells_of_light(nodes, constants, (8, 16, 32))
    base = np.array([0.5, 0.5, np.log(2), np.log(2), 0, 0, 1, 0], np.float32)
    objectness = np.array([0, 0, 0, 0, 1, 0, 0, 0], np.float32)
    nodes += [
        helper.make_node("Mul", ["lit", "objectness"], ["told"]),
        helper.make_node("Add", ["told", "base"], [OUTPUT]),
    ]
    tensors = [
        *(numpy_helper.from_array(np.float32(value), name) for name, value in constants.items()),
        numpy_helper.from_array(base, "base"),
        numpy_helper.from_array(objectness, "objectness"),
        numpy_helper.from_array(np.array([0, -1, 1], np.int64), "row"),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ("n", 3, "h", "w"))
    answer = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ("n", "cells", 8))
    graph = helper.make_graph(nodes, "open", [images], [answer], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def model(tmp_path):
    return write(open_yolox(), tmp_path / "open.onnx", labels=LABELS)


def test_it_runs_at_the_usual_size_of_its_family_and_says_so(model, tmp_path):
    detector = load(str(model), CPU, cache=tmp_path / "cache")
    assert detector.manifest.family == "yolox"
    assert (detector.manifest.input.width, detector.manifest.input.height) == (640, 640)
    assert (
        "size: 640x640, as is usual for yolox; it takes any (--size gives another)"
        in detector.manifest.assumed
    )
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[128:144, 256:272] = WHITE
    [found] = detector.infer([detector.prepare(picture)], Limits(0.5))
    assert set(found.data["class_name"]) == {"bee"}
    # The cell of stride 16 and the four of stride 8 that the white square fills.
    assert (found.xyxy >= (240, 112, 240, 112)).all()
    assert (found.xyxy <= (288, 160, 288, 160)).all()


def test_a_manifest_or_the_user_says_another_size(model, tmp_path):
    wide = load(str(model), CPU, cache=tmp_path / "cache", stated={"input": {"width": 320, "height": 192}})
    assert (wide.manifest.input.width, wide.manifest.input.height) == (320, 192)
    assert "size:" not in wide.manifest.assumed
    told = json.loads(model.with_suffix(".json").read_text()) | {"input": {"channels": "rgb"}}
    model.with_suffix(".json").write_text(json.dumps(told))
    said = load(str(model), CPU, cache=tmp_path / "cache", stated={"input": {"width": 320, "height": 192}})
    assert (said.manifest.input.channels, said.manifest.input.width) == ("rgb", 320)


def test_one_side_may_be_open(tmp_path):
    half = open_yolox()
    half.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 320
    path = write(half, tmp_path / "half.onnx", labels=LABELS)
    spec = load(str(path), CPU, cache=tmp_path / "cache").manifest.input
    assert (spec.width, spec.height) == (640, 320)


def test_it_is_added_and_used_by_commands(model, tmp_path, capsys):
    data = ["--data", str(tmp_path / "data")]
    assert main(["models", "add", str(model), *data]) == 0
    assert "size: 640x640" in capsys.readouterr().out
    assert main(["models", "add", str(model), "--size", "416", "--name", "small", *data]) == 0
    assert "416x416" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["models", "add", str(model), "--size", "416x", *data])
    assert "expected WIDTHxHEIGHT in pixels, such as 640x480, received '416x'" in capsys.readouterr().err


@pytest.mark.realdata
def test_a_real_model_whose_size_was_left_open_finds_the_same(test_data, tmp_path):
    source = test_data / "models" / "yolox_nano.onnx"
    opened = onnx.load(source)
    for side, name in zip(opened.graph.input[0].type.tensor_type.shape.dim[2:], "hw", strict=True):
        side.dim_param = name
    opened.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "cells"
    del opened.graph.value_info[:]
    onnx.save(opened, tmp_path / "opened.onnx")
    image = cv2.imread(str(test_data / "photos" / "bus.jpg"))
    usual = load(str(tmp_path / "opened.onnx"), CPU, cache=tmp_path)
    assert (usual.manifest.family, usual.manifest.input.width) == ("yolox", 640)
    assert len(usual.infer([usual.prepare(image)], Limits(0.4))[0]) >= 4
    same = load(
        str(tmp_path / "opened.onnx"), CPU, cache=tmp_path, stated={"input": {"width": 416, "height": 416}}
    )
    fixed = load(str(source), CPU, cache=tmp_path)
    [one], [other] = (each.infer([each.prepare(image)], Limits()) for each in (same, fixed))
    np.testing.assert_allclose(one.xyxy, other.xyxy, atol=1e-3)


def test_of_what_another_size_would_not_change_no_size_is_spoken(tmp_path):
    path = write(open_yolox(), tmp_path / "open.onnx", labels=LABELS, family="fcos")
    with pytest.raises(ModelLoadError, match="family: expected one of") as raised:
        load(str(path), CPU, cache=tmp_path / "cache")
    assert "any size" not in str(raised.value)
