"""Files that a configuration names: what is not there, or is something else, is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import ModelProto

from detectors.store import resolve
from streamer.cli import main

CAMERAS = "cameras:\n  a:\n    source: sim://street\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands are started; the configuration lies in ``conf`` below."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    return tmp_path


def check(text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What ``config check`` says of it."""
    Path("conf/c.yaml").write_text(text)
    status = main(["config", "check", "conf/c.yaml"])
    out, err = capsys.readouterr()
    assert status == (2 if err else 0)
    assert (out == "") == bool(err)
    return [line.removeprefix("sightline: conf/") for line in err.splitlines()]


def test_a_recording_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "conf" / "beside.mp4").touch()
    (folder / "here.mp4").touch()
    sources = {"a": "clip.mp4", "b": "beside.mp4", "c": "conf", "d": "here.mp4", "e": "file://gone.mp4"}
    streams = "  f:\n    source:\n      main: sim://street\n      sub: front"
    text = "\n".join(["cameras:", *(f"  {name}: {{source: '{each}'}}" for name, each in sources.items())])
    expected = "expected a file that can be read, received"
    assert check(f"{text}\n{streams}", capsys) == [
        f"c.yaml:2: cameras.a.source: {expected} 'clip.mp4': no such file",
        f"c.yaml:3: cameras.b.source: {expected} 'beside.mp4', which is at conf/beside.mp4: paths begin "
        "where the command is started",
        f"c.yaml:4: cameras.c.source: {expected} 'conf': a folder",
        f"c.yaml:6: cameras.e.source: {expected} 'gone.mp4': no such file",
        f"c.yaml:10: cameras.f.source.sub: {expected} 'front': no such file",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not a model", "damaged, or not an ONNX file"),
        (b"", "the file is empty"),
        (ModelProto(ir_version=8).SerializeToString(), "not an ONNX model: it holds no graph"),
    ],
)
def test_a_model_that_is_none_is_told(
    content: bytes, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m.onnx").write_bytes(content)
    assert check(f"{CAMERAS}detectors:\n  default:\n    model: m.onnx", capsys) == [
        f"c.yaml:6: detectors.default.model: expected the name or path of a model, received m.onnx: {told}"
    ]


def test_a_model_beside_the_configuration_is_hinted_at(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "conf" / "m.onnx").touch()
    assert check(f"{CAMERAS}detectors: {{default: {{model: m.onnx}}}}", capsys) == [
        "c.yaml:4: detectors.default.model: expected the name or path of a model, received m.onnx: no such "
        "file, but it is at conf/m.onnx: paths begin where the command is started"
    ]


def test_a_model_of_ones_own_is_asked_for_its_labels(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builtin = resolve("sightline-nano")
    (folder / "own.onnx").write_bytes(builtin.weights.read_bytes())
    assert builtin.manifest is not None
    (folder / "own.json").write_bytes(builtin.manifest.read_bytes())
    detectors = "detectors: {default: {model: own.onnx}}"
    assert check(f"{CAMERAS}{detectors}", capsys) == []
    assert check(f"{CAMERAS}    filters: {{persn: {{}}}}\n{detectors}", capsys) == [
        "c.yaml:4: cameras.a.filters.persn: expected a label of own.onnx, received 'persn' (did you mean "
        "'person'?)"
    ]


@pytest.mark.realdata
def test_a_model_that_names_its_labels_itself_is_asked_too(
    folder: Path, test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own.onnx").symlink_to(test_data / "models" / "yolov8n_int8.onnx")
    wrong = f"{CAMERAS}    filters: {{persn: {{}}}}\ndetectors: {{default: {{model: own.onnx}}}}"
    (line,) = check(wrong, capsys)
    assert line.startswith(
        "c.yaml:4: cameras.a.filters.persn: expected a label of own.onnx, received 'persn'"
    )
