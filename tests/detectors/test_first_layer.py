"""The first convolution does the rest of the preparation: the sums stay what they were."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from detectors.compiling.firstlayer import folded
from detectors.manifest import InputSpec
from detectors.session import raw_outputs

SPEC = InputSpec(
    width=8, height=8, channels="rgb", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
)


def convolution(*, users=1, group=1):
    weights = np.random.default_rng(0).normal(size=(3, 3 // group, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["pixels", "weights"], [f"out{n}"], pads=[1, 1, 1, 1], group=group)
        for n in range(users)
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, (1, 3, 8, 8))
    outputs = [
        helper.make_tensor_value_info(f"out{n}", TensorProto.FLOAT, (1, 3, 8, 8)) for n in range(users)
    ]
    graph = helper.make_graph(nodes, "g", [pixels], outputs, [numpy_helper.from_array(weights, "weights")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def prepared(image, spec):
    ordered = image[..., ::-1] if spec.channels == "rgb" else image
    pixels = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)


@pytest.mark.parametrize("mean", [SPEC.mean, (0.0, 0.0, 0.0)])
def test_the_sums_stay_what_they_were(mean):
    spec = SPEC.model_copy(update={"mean": mean})
    model = convolution()
    lighter, rest = folded(model, spec)
    assert (rest.channels, rest.std) == ("bgr", (1, 1, 1))
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.float32)
    [expected] = raw_outputs(model.SerializeToString(), prepared(image, spec))
    [received] = raw_outputs(lighter.SerializeToString(), prepared(image, rest))
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", [convolution(users=2), convolution(group=3)])
def test_what_is_not_a_convolution_of_all_channels_alone_stays(model):
    assert folded(model, SPEC) == (model, SPEC)
