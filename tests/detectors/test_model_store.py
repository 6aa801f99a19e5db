"""From the name a user gives to the files of a model."""

import pytest
from miniature import LABELS, write, yolox

from detectors import store
from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.session import SessionOptions


def test_a_path_is_enough_and_a_manifest_beside_it_is_found(tmp_path):
    path = write(yolox(), tmp_path / "mini.v1.onnx")
    assert store.resolve(str(path)) == store.ModelFiles("mini.v1", path, None)
    write(yolox(), path, labels=LABELS)
    assert store.resolve(str(path)).manifest == tmp_path / "mini.v1.json"


@pytest.mark.parametrize("name", ["no-such.onnx", "folder/no-such", "./nothing", "no-such.pb", "a\x00b/c"])
def test_a_path_to_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelLoadError, match="no such file") as raised:
        store.resolve(name)
    assert name in str(raised.value)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(
        ModelLoadError, match="expected an ONNX file or a SavedModel, received another folder"
    ):
        store.resolve(str(tmp_path))


def test_special_files_are_never_read(tmp_path):
    with pytest.raises(ModelLoadError, match="no such file"):
        store.resolve("/dev/zero")


@pytest.mark.parametrize("name", ["", "  ", "x" * 5000])
def test_names_that_cannot_be(name):
    with pytest.raises(ModelLoadError):
        store.resolve(name)


def test_the_embedded_model_is_in_the_catalogue_by_name(tmp_path):
    if not store.catalogue():
        pytest.skip("no weights in detectors/builtin yet")
    assert "sightline-nano" in store.catalogue()
    files = store.resolve("sightline-nano")
    assert files.manifest is not None
    detector = load("sightline-nano", SessionOptions(provider="cpu", workers=1), cache=tmp_path)
    assert detector.manifest.family == "sightline"
    assert detector.labels == ("person", "bicycle", "car", "motorcycle", "bus", "truck", "dog", "cat")
    with pytest.raises(ModelLoadError, match="did you mean 'sightline-nano'") as raised:
        store.resolve("sightline-nona")
    assert "\n" not in str(raised.value)
