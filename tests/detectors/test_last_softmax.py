"""The softmax at the end of a model is left to the decode: numbers stay what they were, and no other goes."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from detectors.compiling.graph import compile_decode
from detectors.compiling.lastsoftmax import deferred
from detectors.compiling.modelfile import with_input
from detectors.families.family import Head
from detectors.session import Limits, SessionOptions, open_session, raw_outputs

CLASSES = 4
SIDE = 32
HEAD = Head(SIDE, SIDE, (16,), CLASSES, ("out",))
TURNED = [
    ("Transpose", {"perm": [0, 3, 2, 1]}),
    ("Softmax", {"axis": 3}),
    ("Transpose", {"perm": [0, 3, 2, 1]}),
]
PLAIN = [("Softmax", {"axis": 1})]


def ending(steps, *, opset=13, order=("objectness", "box", "probabilities"), classes=CLASSES, shown=()):
    """A grid of 2x2 cells: objectness, four numbers of a box, and ``classes`` that take these steps."""
    rng = np.random.default_rng(0)
    widths = {"objectness": 1, "box": 4, "scores": classes}
    constants = [
        numpy_helper.from_array(rng.normal(size=(width, 3, 16, 16)).astype(np.float32), f"{name}.weights")
        for name, width in widths.items()
    ]
    nodes = [
        helper.make_node("Conv", ["pixels", f"{name}.weights"], [name], strides=[16, 16]) for name in widths
    ]
    last = "scores"
    for number, (kind, attributes) in enumerate(steps, 1):
        made = "probabilities" if number == len(steps) else f"step{number}"
        nodes.append(helper.make_node(kind, [last], [made], **attributes))
        last = made
    nodes.append(helper.make_node("Concat", list(order), ["out"], axis=1))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("out", *shown)]
    graph = helper.make_graph(nodes, "end", [pixels], values, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return with_input(made, None)


def answer(model):
    pixels = np.random.default_rng(1).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32) / 9
    return raw_outputs(model.SerializeToString(), pixels)[0]


@pytest.mark.parametrize(("steps", "opset"), [(TURNED, 11), (TURNED, 17), (PLAIN, 13)])
def test_the_numbers_stay_what_they_were(steps, opset):
    model = ending(steps, opset=opset)
    lighter, head = deferred(model, "fastestdet", HEAD)
    assert head == replace(HEAD, deferred=True)
    assert not {"Softmax", "Transpose"} & {node.op_type for node in lighter.graph.node}
    expected, received = answer(model), answer(lighter)
    powers = np.exp(received[:, 5:])
    received[:, 5:] = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_the_decode_takes_it():
    model = ending(TURNED)
    lighter, head = deferred(model, "fastestdet", HEAD)
    found = []
    for each, told in ((model, HEAD), (lighter, head)):
        decode = compile_decode(each, "fastestdet", told).SerializeToString()
        output = answer(each)
        output[:, 0] = [[0.9, 0.2], [0.6, 0.4]]
        session = open_session(decode, SessionOptions("cpu", 1))
        found.append(session.decode({"out": output}, Limits(0.01, 0.9, multi_label=True)))
    assert len(found[0].scores) > CLASSES
    for name in ("boxes", "scores", "classes"):
        np.testing.assert_allclose(getattr(found[1], name), getattr(found[0], name), rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        pytest.param(ending(PLAIN), "yolox", id="a family that does not take it"),
        pytest.param(ending(PLAIN, opset=11), "fastestdet", id="over all axes from that one on"),
        pytest.param(ending([("Softmax", {"axis": 3})]), "fastestdet", id="over the columns of the grid"),
        pytest.param(ending([("Sigmoid", {})]), "fastestdet", id="a sigmoid"),
        pytest.param(ending(PLAIN, classes=CLASSES - 1), "fastestdet", id="not over all classes"),
        pytest.param(ending(PLAIN, shown=["probabilities"]), "fastestdet", id="an output as well"),
        pytest.param(
            ending(PLAIN, order=("objectness", "probabilities", "box")), "fastestdet", id="not at the end"
        ),
        pytest.param(
            ending([TURNED[0], ("Softmax", {"axis": 2}), TURNED[2]]), "fastestdet", id="turned, of rows"
        ),
        pytest.param(
            ending([TURNED[0], TURNED[1], ("Transpose", {"perm": [0, 3, 1, 2]})]),
            "fastestdet",
            id="not turned back",
        ),
    ],
)
def test_whatever_else_a_model_ends_with_stays(model, family):
    assert deferred(model, family, HEAD) == (model, HEAD)
