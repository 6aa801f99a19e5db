"""Models take pictures in many forms; all of them find the same."""

import numpy as np
import onnx
import oracle
import pytest
from miniature import BOXES, LABELS, SIDE, yolox
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from detectors.compiling.standard import shape_of, standardised
from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.session import Limits, SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)


def with_own_input(kind=TensorProto.FLOAT, shape=(1, 3, SIDE, SIDE), *steps):
    """The miniature YOLOX behind an input of another form, from which these steps lead to its own."""
    model = yolox()
    graph = model.graph
    name, nodes = "given", []
    for number, (operator, inputs, attributes) in enumerate(steps):
        made = "images" if number == len(steps) - 1 else f"step_{number}"
        nodes.append(helper.make_node(operator, [name, *inputs], [made], **attributes))
        name = made
    own = [*nodes, *graph.node]
    del graph.node[:], graph.input[:]
    graph.node.extend(own)
    graph.input.append(helper.make_tensor_value_info("given", kind, shape))
    graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), "zero"))
    return model


TO_FLOAT = ("Cast", (), {"to": TensorProto.FLOAT})
TO_PLANES = ("Transpose", (), {"perm": [0, 3, 1, 2]})
ONE_MORE_AXIS = ("Unsqueeze", ("zero",), {})
FORMS = {
    "planes": with_own_input(TensorProto.FLOAT, (1, 3, SIDE, SIDE), ("Identity", (), {})),
    "bytes": with_own_input(TensorProto.UINT8, (1, 3, SIDE, SIDE), TO_FLOAT),
    "channels last": with_own_input(TensorProto.FLOAT, (1, SIDE, SIDE, 3), TO_PLANES),
    "bytes, channels last": with_own_input(TensorProto.UINT8, (1, SIDE, SIDE, 3), TO_PLANES, TO_FLOAT),
    "half precision": with_own_input(TensorProto.FLOAT16, (1, 3, SIDE, SIDE), TO_FLOAT),
    "no batch axis": with_own_input(TensorProto.FLOAT, (3, SIDE, SIDE), ONE_MORE_AXIS, ("Identity", (), {})),
    "no batch axis, bytes, channels last": with_own_input(
        TensorProto.UINT8, (SIDE, SIDE, 3), ONE_MORE_AXIS, TO_PLANES, TO_FLOAT
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_finds_the_same(form, tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(FORMS[form], path)
    (tmp_path / "model.json").write_text('{"labels": ["ant", "bee", "cow"]}')
    detector = load(str(path), CPU, cache=tmp_path / "cache")
    assert detector.manifest.family == "yolox"
    found = oracle.hits_of(detector._session.run(np.full((1, SIDE, SIDE, 3), 255, np.uint8), Limits()))
    assert [LABELS[hit.label] for hit in found] == list(BOXES)
    for hit in found:
        np.testing.assert_allclose(hit.box, BOXES[LABELS[hit.label]], atol=0.01)


@pytest.mark.parametrize(("name", "expected"), [("orig_target_sizes", (64, 48)), ("im_shape", (48, 64))])
def test_the_size_of_the_picture_is_told_to_those_who_ask(name, expected):
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("n", 3, 48, 64))
    size = helper.make_tensor_value_info(name, TensorProto.INT64, ("n", 2))
    out = helper.make_tensor_value_info("told", TensorProto.INT64, ("n", 2))
    nodes = [helper.make_node("Identity", [name], ["told"])]
    graph = helper.make_graph(nodes, "asks", [pixels, size], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    made = standardised(model, None)
    [own] = made.graph.input
    assert shape_of(own) == (None, 3, 48, 64)
    feeds = {own.name: np.zeros((3, 3, 48, 64), np.float32)}
    [told] = ReferenceEvaluator(made).run(None, feeds)
    assert told.tolist() == [list(expected)] * 3


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"a": (1, 4, SIDE, SIDE)}, r"a\[1, 4, 64, 64\]"),
        ({"a": (1, 3, SIDE, SIDE), "b": (1, 3, SIDE, SIDE)}, r"a\[1, 3, 64, 64\], b"),
        ({"a": (1, 3, SIDE, SIDE), "tokens": (1, 77)}, r"tokens\[1, 77\]"),
        ({"a": (1, 3, "h", "w")}, r"input.width"),
    ],
)
def test_other_inputs_are_named(shapes, says):
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["o"])], "g", inputs, [])
    with pytest.raises(ModelLoadError, match=says):
        standardised(helper.make_model(graph), None)
