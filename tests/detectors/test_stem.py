"""A space-to-depth stem folded into its convolution computes the same, with less to move."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from detectors.compiling.modelfile import with_input
from detectors.compiling.stem import fold_stem
from detectors.session import raw_outputs

CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
END = 2**63 - 1


def focus(corners=CORNERS, kernel=3, end=END, **attributes):
    """Slices of every second row, then of every second column, their concatenation and a convolution."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(5, 12 // attributes.get("group", 1), kernel, kernel)).astype(np.float32)
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(rng.normal(size=5).astype(np.float32), "bias"),
    ]
    for name, value in (("0", 0), ("1", 1), ("2", 2), ("3", 3), ("end", end)):
        constants.append(numpy_helper.from_array(np.array([value], np.int64), name))
    nodes = []
    for row, column in corners:
        rows, part = f"rows{row}{column}", f"part{row}{column}"
        nodes.append(helper.make_node("Slice", ["images", str(row), "end", "2", "2"], [rows]))
        nodes.append(helper.make_node("Slice", [rows, str(column), "end", "3", "2"], [part]))
    parts = [f"part{row}{column}" for row, column in corners]
    nodes.append(helper.make_node("Concat", parts, ["squares"], axis=1))
    settings = {"pads": [kernel // 2] * 4, **attributes}
    nodes.append(helper.make_node("Conv", ["squares", "weights", "bias"], ["features"], **settings))
    return model(nodes, constants, "features")


def model(nodes, constants, *outputs):
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 32, 48))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "stem", [image], values, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return with_input(made, None)


def same(one, other):
    pixels = np.random.default_rng(1).uniform(0, 255, (1, 3, 32, 48)).astype(np.float32)
    pairs = zip(*(raw_outputs(each.SerializeToString(), pixels) for each in (one, other)), strict=True)
    for left, right in pairs:
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("corners", [CORNERS, CORNERS[::-1], (CORNERS[2], *CORNERS[:2], CORNERS[3])])
def test_the_folded_stem_computes_the_same(kernel, corners):
    plain = focus(corners, kernel)
    folded = fold_stem(plain)
    same(plain, folded)
    assert [node.op_type for node in folded.graph.node] == ["Conv"]
    onnx.checker.check_model(folded)


@pytest.mark.parametrize(
    "plain",
    [
        focus(strides=[2, 2]),
        focus(dilations=[2, 2], pads=[2, 2, 2, 2]),
        focus(end=24),
        focus(((0, 0), (1, 0), (0, 1), (0, 1))),
        model([helper.make_node("Relu", ["images"], ["features"])], [], "features"),
    ],
)
def test_what_only_looks_like_it_stays(plain):
    assert fold_stem(plain) is plain


def test_parts_that_are_read_elsewhere_stay():
    plain = focus()
    plain.graph.node.append(helper.make_node("Relu", ["part00"], ["quarter"]))
    plain.graph.output.append(helper.make_tensor_value_info("quarter", TensorProto.FLOAT, None))
    folded = fold_stem(plain)
    same(plain, folded)
    assert [node.op_type for node in folded.graph.node] == ["Slice", "Slice", "Conv", "Relu"]
