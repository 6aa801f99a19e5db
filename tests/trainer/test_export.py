"""The ONNX graph against the Keras network, with the same weights."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from trainer.nano.architecture import NetworkSpec, outputs
from trainer.nano.checkpoint import Arrays
from trainer.nano.dataset import Picture
from trainer.nano.export import graph
from trainer.nano.network import build
from trainer.nano.release import small

SPEC = NetworkSpec(widths=(8, 8, 16, 16, 24), depths=(1, 1, 1, 1), neck=16)


def network(spec: NetworkSpec) -> tuple[object, Arrays]:
    """A network whose normalisation is not the trivial one it starts with."""
    model = build(spec)
    rng = np.random.default_rng(0)
    for item in model.weights:
        if item.path.endswith(("gamma", "variance")):
            item.assign(rng.uniform(0.6, 1.4, item.shape))
        elif item.path.endswith(("beta", "mean")):
            item.assign(rng.normal(0, 0.1, item.shape))
    return model, {item.path: item.numpy() for item in model.weights}


def run(model: onnx.ModelProto, images: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(list(outputs()), {"images": images.transpose(0, 3, 1, 2).astype(np.float32)})


def picture(seed: int) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 255, (20, 20, 3), np.uint8)
    return cv2.resize(small, (320, 320), interpolation=cv2.INTER_CUBIC)


def test_onnx_gives_what_keras_gives() -> None:
    model, arrays = network(SPEC)
    images = np.stack([picture(0), picture(1)])
    expected = model(images.astype(np.float32), training=False)  # type: ignore[operator]
    for maps, name, ours in zip(expected, outputs(), run(graph(SPEC, arrays), images), strict=True):
        np.testing.assert_allclose(ours.transpose(0, 2, 3, 1), maps, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.realdata
def test_onnx_gives_what_keras_gives_on_a_photo(test_data: Path) -> None:
    model, arrays = network(NetworkSpec())
    photo = cv2.resize(cv2.imread(str(test_data / "photos" / "bus.jpg")), (320, 320))[None]
    expected = model(photo.astype(np.float32), training=False)  # type: ignore[operator]
    for maps, ours in zip(expected, run(graph(NetworkSpec(), arrays), photo), strict=True):
        np.testing.assert_allclose(ours.transpose(0, 2, 3, 1), maps, rtol=1e-3, atol=2e-3)


def test_the_graph_says_its_versions_and_stays_small() -> None:
    _, arrays = network(NetworkSpec())
    model = graph(NetworkSpec(), arrays)
    assert model.ir_version == 8
    assert [item.version for item in model.opset_import] == [17]
    assert len(model.SerializeToString()) < 4_000_000


def test_int8_agrees_with_float() -> None:
    _, arrays = network(SPEC)
    model = graph(SPEC, arrays)
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    seen = [Picture(picture(seed), *nothing, np.ones(8, np.bool_)) for seed in range(4)]
    quantized = small(model, seen)
    assert len(quantized.SerializeToString()) < 0.6 * len(model.SerializeToString())
    images = picture(9)[None]
    for exact, rough in zip(run(model, images), run(quantized, images), strict=True):
        assert np.corrcoef(exact.ravel(), rough.ravel())[0, 1] > 0.98
