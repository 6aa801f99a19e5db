"""Backbones: the same in Keras and as ONNX; cut where their features are."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from detectors.session import raw_runs
from detectors.store import BUILTIN
from tests.trainer.pictures import drawn, write_set
from trainer.backbones.backbone import Tunable
from trainer.backbones.choice import choose
from trainer.backbones.frozen import frozen
from trainer.backbones.prepared import fitted, prepared
from trainer.errors import TrainerError
from trainer.export import with_top
from trainer.heads import cut_of
from trainer.options import BackboneChoice

NOWHERE = Path("/nowhere")
SHORT = ("mobilenetv3small",)
ALL = (
    *SHORT,
    "efficientnetv2b0",
    "mobilenetv2",
    "mobilenetv3large",
    "resnet50v2",
    "resnet101v2",
    "inceptionv3",
)


def chosen(name: str, weights: str | None = None, size: int | None = None) -> Any:
    return choose(BackboneChoice(name, weights, size), NOWHERE)


def liven(model: Any) -> None:
    """Random weights that keep the signal alive, so that a difference shows."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        scale = np.sqrt(2 / max(1, np.prod(weight.shape[:-1])))
        value = rng.normal(0, scale, weight.shape)
        if "gamma" in weight.path or "variance" in weight.path:
            value = rng.uniform(0.8, 1.2, weight.shape)
        weight.assign(value)


def in_onnx(backbone: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    pixels = np.ascontiguousarray(prepared(images, backbone.input).transpose(0, 3, 1, 2))
    run = raw_runs(backbone.graph().SerializeToString())
    return np.concatenate([run(each[None])[0] for each in pixels])


def images(side: int) -> NDArray[np.uint8]:
    return np.stack([drawn(kind, 1, side) for kind in ("dots", "stripes")])


@pytest.mark.soak
@pytest.mark.parametrize("name", ALL if os.environ.get("SIGHTLINE_SOAK") else SHORT)
def test_keras_and_onnx_answer_the_same(name: str) -> None:
    side = 96 if name != "inceptionv3" else 128
    backbone = chosen(name, "none", side)
    liven(backbone.model)
    expected, answered = backbone.features(images(side)), in_onnx(backbone, images(side))
    largest = np.abs(expected).max()
    assert largest > 1e-3
    assert np.abs(expected - answered).max() < 1e-3 * largest
    assert backbone.input.channels == "rgb"
    assert len(backbone.blocks) > 3


def test_squeezenet_answers_the_same_after_its_top_was_trained() -> None:
    backbone = chosen("SqueezeNet", "none", 64)
    assert isinstance(backbone, Tunable)
    before = backbone.features(images(64))
    top = [tf.convert_to_tensor(each).numpy() * 1.5 for each in cut_of(backbone, 2).above.trainable_variables]
    assert len(top) == 2 * 3 * 2
    with_top(backbone, top, 2)
    after = backbone.features(images(64))
    # Modules 3 to 7 are below the top: their features stay.
    kept = 2 * (128 + 2 * 256 + 2 * 384)
    assert np.array_equal(before[:, :kept], after[:, :kept])
    assert not np.allclose(before[:, kept:], after[:, kept:])
    assert np.allclose(in_onnx(backbone, images(64)), after, atol=1e-4)


@pytest.mark.realdata
def test_squeezenet_has_the_weights_of_the_file(test_data: Path) -> None:
    """Against a graph that others exported from the same weights."""
    backbone = chosen("squeezenet", str(test_data / "classifiers" / "squeezenet_notop_tf.h5"), 160)
    oracle = onnx.load(test_data / "classifiers" / "squeezenet_sdnet_cd_ud.onnx")
    pooled = next(
        node.input[0] for node in oracle.graph.node if node.op_type in ("GlobalAveragePool", "ReduceMean")
    )
    del oracle.graph.output[:]
    oracle.graph.output.append(onnx.helper.make_tensor_value_info(pooled, onnx.TensorProto.FLOAT, None))
    picture = fitted(cv2.imread(str(test_data / "photos" / "dog.jpg")), backbone.input)
    pixels = np.ascontiguousarray(prepared(picture[None], backbone.input).transpose(0, 3, 1, 2))
    maps = raw_runs(oracle.SerializeToString())(pixels)[0]
    if maps.shape[1] != 512:
        maps = maps.transpose(0, 3, 1, 2)
    expected = np.concatenate([maps.mean(axis=(2, 3)), maps.max(axis=(2, 3))], axis=1)
    assert np.allclose(backbone.features(picture[None])[:, -1024:], expected, rtol=1e-3, atol=1e-2)


def test_any_detector_is_a_frozen_backbone() -> None:
    backbone = frozen("sightline-nano", NOWHERE)
    rows = backbone.features(images(320))
    assert rows.shape == (2, backbone.graph().graph.output[0].type.tensor_type.shape.dim[1].dim_value)
    whole = onnx.load(BUILTIN / "sightline-nano.onnx")
    del whole.graph.output[:]
    for tap in backbone.taps:
        whole.graph.output.append(onnx.helper.make_tensor_value_info(tap, onnx.TensorProto.FLOAT, None))
    pixels = np.ascontiguousarray(prepared(images(320)[:1], backbone.input).transpose(0, 3, 1, 2))
    maps = raw_runs(whole.SerializeToString())(pixels)
    assert len({each.shape[2] for each in maps}) == len(maps) >= 2
    expected = np.concatenate(
        [pool for each in maps for pool in (each.mean((2, 3)), each.max((2, 3)))], axis=1
    )
    assert np.allclose(rows[:1], expected, atol=1e-4)


def test_named_tensors_are_the_features() -> None:
    taps = frozen("sightline-nano", NOWHERE).taps
    one = frozen("sightline-nano", NOWHERE, taps=taps[:1])
    assert one.taps == taps[:1]
    with pytest.raises(TrainerError, match="no feature map 'nonsense'"):
        frozen("sightline-nano", NOWHERE, taps=["nonsense"])


def test_auto_is_the_embedded_detector_where_nothing_else_is_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("trainer.backbones.kept.folder", lambda: tmp_path)
    assert chosen("AUTO").name == "sightline-nano"
    assert chosen("Auto").key == chosen("sightline-nano").key


@pytest.mark.realdata
def test_weights_that_were_put_beside_those_of_keras_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, test_data: Path
) -> None:
    monkeypatch.setattr("trainer.backbones.kept.folder", lambda: tmp_path)
    file = test_data / "classifiers" / "squeezenet_notop_tf.h5"
    (tmp_path / "SqueezeNet_no-top.h5").symlink_to(file)
    found = chosen("squeezenet", size=64)
    assert chosen("auto", size=64).key == found.key == chosen("squeezenet", str(file), 64).key


@pytest.mark.parametrize(
    ("name", "weights", "line"),
    [
        ("resnet5", None, "expected one of auto, squeezenet"),
        ("squeezenet", None, "name their file with --weights"),
        ("mobilenetv2", "missing.h5", "no such file of weights"),
    ],
)
def test_says_what_is_missing(
    name: str, weights: str | None, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("trainer.backbones.kept.folder", lambda: tmp_path)
    with pytest.raises(TrainerError, match=line):
        chosen(name, weights)


def test_a_file_of_other_weights_is_told(tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_bytes(b"nothing")
    with pytest.raises(TrainerError, match="expected an HDF5 file"):
        chosen("squeezenet", str(tmp_path / "weights.h5"))


def test_says_how_to_install_tensorflow(tmp_path: Path) -> None:
    pictures = write_set(tmp_path / "set", 10)
    code = (
        "import sys; sys.modules['tensorflow'] = None; from trainer.__main__ import main; "
        f"sys.exit(main(['train', {str(pictures)!r}, '--name', 'a', '--data', {str(tmp_path / 'data')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        "sightline: TensorFlow is not installed: pip install 'sightline[train]'"
    )
