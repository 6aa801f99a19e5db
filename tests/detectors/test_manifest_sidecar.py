"""What a model's manifest may say, and what is said when it is wrong."""

import hashlib
import json

import pytest
from miniature import LABELS, SIDE, write, yolox

from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.manifest import ModelManifest, stated_in
from detectors.session import SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)


def loaded(tmp_path, **fields):
    path = write(yolox(), tmp_path / "mini.onnx", **fields)
    return load(str(path), CPU, cache=tmp_path / "cache")


def test_the_family_fills_in_what_a_manifest_leaves_out(tmp_path):
    manifest = loaded(tmp_path, labels=LABELS, license="MIT").manifest
    assert (manifest.name, manifest.family, manifest.license) == ("mini", "yolox", "MIT")
    assert manifest.labels == LABELS
    assert (manifest.input.width, manifest.input.channels, manifest.input.letterbox.pad) == (SIDE, "bgr", 114)
    assert manifest.sha256 == hashlib.sha256((tmp_path / "mini.onnx").read_bytes()).hexdigest()


def test_a_part_of_the_input_may_be_stated_alone(tmp_path):
    manifest = loaded(
        tmp_path, labels=LABELS, name="other", input={"letterbox": {"mode": "stretch"}}
    ).manifest
    assert manifest.name == "other"
    assert manifest.input.letterbox.mode == "stretch"
    assert manifest.input.height == SIDE


def test_a_manifest_that_changed_is_heeded_although_the_model_is_cached(tmp_path):
    assert loaded(tmp_path, labels=LABELS).labels == LABELS
    assert loaded(tmp_path, labels=("x", "y", "z")).labels == ("x", "y", "z")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"labels": ("ant", "bee")}, "labels: expected 3 names, one a class, received 2"),
        ({"labels": LABELS, "input": {"width": 32}}, "expected the model's 64x64, received 32x64"),
        (
            {"labels": LABELS, "input": {"width": "wide"}},
            "input.width: expected a whole number, received 'wide'",
        ),
        ({"labels": LABELS, "input": [64, 64]}, r"input: expected fields, received \[64, 64\]"),
        ({"labels": LABELS, "input": {"width": 0}}, "input.width: expected at least 1, received 0"),
        (
            {"labels": LABELS, "input": {"channels": "gray"}},
            "input.channels: .*'bgr' or 'rgb', received 'gray'",
        ),
        ({"labels": LABELS, "lisence": "MIT"}, "lisence: expected no such field, received 'MIT'"),
        ({"labels": LABELS, "thresholds": {"iou": 2}}, "thresholds.iou: .*received 2"),
        ({"labels": LABELS, "family": "fcos"}, "family: expected one of .*yolox.*, received 'fcos'"),
        ({"labels": LABELS, "family": "ultralytics-v8"}, r"output \[1,84,8\]"),
        ({"labels": LABELS, "sha256": "0" * 64}, "sha256: is of another file"),
        ({"labels": LABELS, "sha256": "abc"}, "sha256: .*received 'abc'"),
        ({"labels": []}, "labels: .*at least 1"),
        ({"labels": LABELS, "task": "segment"}, "task: .*'detect' or 'classify'"),
        ({"license": "MIT"}, "its 3 classes have no names: a manifest beside it must give labels"),
    ],
)
def test_a_wrong_manifest_is_one_line_that_names_the_field(fields, why, tmp_path):
    with pytest.raises(ModelLoadError, match=why) as raised:
        loaded(tmp_path, **fields)
    assert "\n" not in str(raised.value)
    assert str(tmp_path / "mini.onnx") in str(raised.value)


@pytest.mark.parametrize(
    ("text", "why"), [("{", "not JSON"), ("[]", "received list"), ("", "not JSON"), ("\xff", "not JSON")]
)
def test_a_sidecar_that_is_no_object(text, why):
    with pytest.raises(ModelLoadError, match=why):
        stated_in(text.encode("latin-1"))


def test_a_deeply_nested_sidecar_is_no_crash():
    with pytest.raises(ModelLoadError):
        stated_in(b"[" * 100_000)


def test_a_manifest_survives_its_own_json(tmp_path):
    manifest = loaded(tmp_path, labels=LABELS, metrics={"AP50": 0.5}, limits="small people").manifest
    assert ModelManifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert json.loads(manifest.model_dump_json())["metrics"] == {"AP50": 0.5}
