"""TensorFlow models named where a model is named: converted once by a child process."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from supervision import box_iou_batch

from detectors.detector import Limits, load
from detectors.errors import ModelLoadError
from detectors.examining import convert
from detectors.examining.convert import Kind, kind_of, onnx_file
from detectors.measuring.evaluate import evaluate
from detectors.store import resolve


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sightline" / "converted"


def test_forms_are_told_by_content_or_name(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    assert kind_of(folder) is None
    (folder / "saved_model.pb").touch()
    assert kind_of(folder) is Kind.SAVED_MODEL
    for name, content, kind in (
        ("a.pb", b"\n", Kind.FROZEN_GRAPH),
        ("a.keras", b"PK\x03\x04", Kind.KERAS),
        ("a.weights", b"\x89HDF\r\n\x1a\n", Kind.HDF5),
        ("a.bin", b"\x1c\0\0\0TFL3", Kind.TFLITE),
        ("a.onnx", b"\x08\x08\x12\x07", None),
        ("a.onnx", b"", None),
    ):
        (tmp_path / name).write_bytes(content)
        assert kind_of(tmp_path / name) is kind


def test_a_pickle_is_refused_by_name_and_by_content(tmp_path: Path) -> None:
    for name, content in (("best.pt", b"PK\x03\x04"), ("model.onnx", b"\x80\x04\x95")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ModelLoadError, match=f"{name}: a pickle, which runs code when it is read: refused"
        ):
            resolve(str(tmp_path / name))


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ModelLoadError, match="expected an ONNX file or a SavedModel, received another folder"
    ):
        resolve(str(tmp_path))


def test_what_the_child_says_is_the_error(tmp_path: Path, own_cache: Path) -> None:
    (tmp_path / "x.keras").write_bytes(b"PK no")
    with pytest.raises(ModelLoadError) as caught:
        resolve(str(tmp_path / "x.keras"))
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'x.keras'}: cannot be converted: damaged, or no Keras file")
    assert not any(own_cache.iterdir())


def test_a_child_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.pb").write_bytes(b"\n")
    monkeypatch.setattr(convert, "PATIENCE", 1e-4)
    with pytest.raises(ModelLoadError, match=r"cannot be converted: not done after 600 s of CPU time"):
        resolve(str(tmp_path / "x.pb"))


def test_a_conversion_is_counted_in_cpu_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a good model takes many times as long by the clock."""
    (tmp_path / "x.pb").write_bytes(b"\n")
    monkeypatch.setattr(convert, "TIME_S", 1)
    with pytest.raises(ModelLoadError, match=r"cannot be converted: not done after 1 s of CPU time"):
        resolve(str(tmp_path / "x.pb"))


def test_a_child_has_no_more_memory_than_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.pb").write_bytes(b"\n")
    monkeypatch.setattr(convert, "MEMORY_BYTES", 1024**2)
    with pytest.raises(ModelLoadError, match="cannot be converted: "):
        resolve(str(tmp_path / "x.pb"))


def test_a_child_finds_no_package_where_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trainer.py").write_text("print('here')\n")
    (tmp_path / "x.keras").write_bytes(b"PK no")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelLoadError, match="damaged, or no Keras file"):
        resolve("x.keras")


@pytest.mark.parametrize("missing", ["tensorflow", "h5py"])
def test_what_is_not_installed_is_told(tmp_path: Path, missing: str) -> None:
    (tmp_path / "x.h5").write_bytes(b"\x89HDF")
    (tmp_path / "x.pb").write_bytes(b"\n")
    model = "x.h5" if missing == "h5py" else "x.pb"
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from trainer.__main__ import main\n"
        f"sys.exit(main(['convert', {str(tmp_path / model)!r}, '--out', 'out']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"sightline: {missing} is missing: pip install 'sightline[train]'" in ended.stderr


def test_the_same_bytes_are_the_same_model_whatever_they_are_called(tmp_path: Path) -> None:
    models = [tmp_path / name for name in ("a/one.pb", "b/two.pb", "c/one.pb")]
    for model in models:
        model.parent.mkdir()
        model.write_bytes(b"\n")
    (tmp_path / "c" / "one.labels.txt").write_text("door\n")
    one, two, labelled = (convert._key(model) for model in models)
    assert one == two != labelled


@pytest.mark.realdata
def test_a_saved_model_of_the_object_detection_api(
    test_data: Path, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = test_data / "models" / "tf_yolox_nano_saved_model"
    detector = load(str(model))
    assert detector.manifest.family == "tf-detection"
    assert detector.manifest.source.startswith(
        "tf_yolox_nano_saved_model (TensorFlow SavedModel), converted by"
    )
    begun, ended = (record.message for record in caplog.records)
    assert "it is converted once" in begun
    assert "outputs differ by at most" in ended
    [folder] = own_cache.iterdir()
    report = json.loads((folder / "conversion.json").read_text())
    assert set(report["outputs"]) == {
        "detection_boxes",
        "detection_classes",
        "detection_scores",
        "num_detections",
    }
    assert max(each["largest"] for each in report["outputs"].values()) < 1e-4

    truth = test_data / "det_coco50_train"
    figures = evaluate(detector, truth / "instances.json", truth / "images")
    assert figures["AP"] == pytest.approx(0.2847, abs=0.02)
    assert figures["AP50"] == pytest.approx(0.4337, abs=0.02)

    caplog.clear()
    assert onnx_file(model, Kind.SAVED_MODEL).parent == folder
    assert not caplog.records
    # The same network as an ONNX file: its published boxes are found, too.
    expected = json.loads((test_data / "expected_detections.json").read_text())["detections"]
    for picture, boxes in expected["yolox_nano.onnx"].items():
        image = cv2.imread(str(test_data / "photos" / picture))
        [found] = detector.infer([detector.prepare(image)], Limits(min_confidence=0.2))
        for each in boxes:
            alike = found.xyxy[found.data["class_name"] == each["label"]]
            assert box_iou_batch(np.array([each["xyxy"]]), alike).max(initial=0) >= 0.7, (picture, each)


@pytest.mark.realdata
def test_a_frozen_graph_that_classifies(test_data: Path, tmp_path: Path) -> None:
    from detectors import classifier

    for name in ("customvision_chairs.pb", "customvision_chairs.labels.txt"):
        shutil.copy(test_data / "classifiers" / name, tmp_path)
    told = {"task": "classify", "input": {"channels": "bgr", "mean": [117.0, 117.0, 117.0]}}
    (tmp_path / "customvision_chairs.json").write_text(json.dumps(told))
    chairs = classifier.load(str(tmp_path / "customvision_chairs.pb"))
    assert chairs.labels == ("001-Green-Meeting-Chair-Redmond", "002-High-Metal-Chair-Redmond")
    for picture, confidence in (("cv_green_chair.jpg", 1.0), ("dog.jpg", 0.99999928)):
        image = chairs.prepare(cv2.imread(str(test_data / "photos" / picture)))
        [answer] = chairs.answers(chairs.infer([image]))
        assert answer.label == chairs.labels[0]
        assert answer.confidence == pytest.approx(confidence, abs=1e-6)


@pytest.mark.realdata
def test_the_process_that_streams_never_imports_tensorflow(test_data: Path) -> None:
    model = test_data / "classifiers" / "squeezenet_notop_tf.h5"
    code = (
        "import sys; from streamer.cli import main\n"
        f"status = main(['detect', {str(test_data / 'photos' / 'dog.jpg')!r}, '--model', {str(model)!r}])\n"
        "sys.exit(status if not {'tensorflow', 'keras', 'h5py'} & set(sys.modules) else 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "holds weights without a graph" in ended.stderr
