"""``sightline models quantize``: what is faster and agrees is kept and works as any model does."""

import json
from pathlib import Path

import cv2
import pytest

from detectors.quantizing import int8
from detectors.recognising import trialpictures
from detectors.store import BUILTIN
from streamer.cli import main

STREET = "sim://street?seed=5&people=8&size=640x360"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def quantize(tmp_path: Path, *more: str) -> int:
    arguments = ["models", "quantize", "sightline-nano", "--data", str(tmp_path / "data"), *more]
    return main([*arguments, "--json", str(tmp_path / "figures.json")])


def test_a_form_that_agrees_becomes_a_model_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Whether it is faster is the processor's business.
    monkeypatch.setattr(int8, "FASTER", 0.0)
    assert quantize(tmp_path, "--frames", STREET, "--limit", "20", "--name", "street") == 0
    assert "kept as street@1" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["kept"]
    assert figures["agreement"] >= 0.9
    assert figures["bytes"]["after"] < figures["bytes"]["before"]
    folder = tmp_path / "data" / "models" / "street" / "1"
    manifest = json.loads((folder / "model.json").read_text())
    assert manifest["name"] == "street"
    assert manifest["source"].startswith("sightline-nano (")
    assert json.loads((folder / "quantization.json").read_text())["kept_float"] == figures["kept_float"]
    picture = trialpictures.PROBE / "street-2.jpg"
    found = tmp_path / "found.jsonl"
    data = ["--data", str(tmp_path / "data")]
    assert main(["detect", str(picture), "--model", "street", "--json", str(found), *data]) == 0
    labels = [each["label"] for each in json.loads(found.read_text())["objects"]]
    assert "person" in labels

    assert main(["models", "quantize", "street", "--frames", STREET, "--limit", "20", *data]) == 2
    assert "street: is in INT8 already" in capsys.readouterr().err


def test_a_form_that_is_not_faster_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(int8, "FASTER", 100.0)
    assert quantize(tmp_path, "--frames", STREET, "--limit", "20") == 0
    told = capsys.readouterr().out
    assert "times as fast on this machine: too little" in told
    assert told.endswith("sightline-nano stays in float\n")
    assert not json.loads((tmp_path / "figures.json").read_text())["kept"]
    assert not (tmp_path / "data" / "models").exists()


def test_pictures_that_show_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = tmp_path / "grey"
    pictures.mkdir()
    for number in range(20):
        cv2.imwrite(str(pictures / f"{number}.png"), cv2.UMat(48, 64, cv2.CV_8UC3, (90, 90, 90)).get())
    assert quantize(tmp_path, "--frames", str(pictures)) == 2
    assert "the pictures show too little to compare on: 0 objects in 5 of them" in capsys.readouterr().err
    assert quantize(tmp_path, "--frames", str(pictures), "--limit", "5") == 2
    assert "expected at least 16 pictures, received 5" in capsys.readouterr().err
    assert quantize(tmp_path, "--frames", str(pictures), "--images", str(pictures)) == 2
    assert "--coco and --images: expected both or none" in capsys.readouterr().err


def test_a_name_that_is_none_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quantize(tmp_path, "--frames", "no-such.jpg", "--name", "a/b") == 2
    assert "expected a name like 'parcels'" in capsys.readouterr().err


def test_a_model_that_is_removed_meanwhile_is_still_made_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(int8, "FASTER", 0.0)
    data = ["--data", str(tmp_path / "data")]
    street = tmp_path / "street.onnx"
    for file in ("sightline-nano.onnx", "sightline-nano.json"):
        street.with_suffix(Path(file).suffix).write_bytes((BUILTIN / file).read_bytes())
    assert main(["models", "add", str(street), *data]) == 0
    search = int8.Quantizing.best

    def interfered(self: int8.Quantizing, *given: object) -> int8.Outcome:
        outcome = search(self, *given)
        assert main(["models", "remove", "street", *data]) == 0
        assert main(["models", "add", str(street), *data]) == 0
        return outcome

    monkeypatch.setattr(int8.Quantizing, "best", interfered)
    assert main(["models", "quantize", "street", "--frames", STREET, "--limit", "20", *data]) == 0
    assert "kept as street@3, which serves" in capsys.readouterr().out
