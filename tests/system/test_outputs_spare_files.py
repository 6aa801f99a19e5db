"""An output never destroys what was there for another reason."""

import shutil
from pathlib import Path

import pytest

from streamer.cli import main


@pytest.fixture
def clip(tmp_path: Path, footage: Path) -> Path:
    return Path(shutil.copy(footage, tmp_path / "clip.mp4"))


@pytest.mark.parametrize("option", ["--video", "--json"])
@pytest.mark.parametrize("link", [False, True])
def test_a_source_is_never_an_output(clip: Path, option: str, link: bool) -> None:
    output = clip
    if link:
        output = clip.with_name("link.mp4")
        output.hardlink_to(clip)
    before = clip.read_bytes()
    assert main(["detect", str(clip), option, str(output)]) == 2
    assert clip.read_bytes() == before


def test_two_outputs_are_two_files(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = str(clip.with_name("same.mp4"))
    assert main(["detect", str(clip), "--json", same, "--video", same]) == 2
    assert "expected two files" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--video", "--json"])
def test_a_run_without_a_result_leaves_an_earlier_output(tmp_path: Path, option: str) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    earlier = tmp_path / "earlier.mp4"
    earlier.write_text('{"schema":"sightline.detections/1"}\n')
    assert main(["detect", str(tmp_path / "broken.mp4"), option, str(earlier)]) == 2
    assert earlier.read_text() == '{"schema":"sightline.detections/1"}\n'


def test_an_export_does_not_mix_with_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(b"")
    assert main(["sim", "export", "sim://street", "--frames", "1", "--out", str(tmp_path)]) == 2


def test_the_check_of_a_configuration_knows_models_and_addresses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("cameras: {a: {source: 'sim://street?peeple=3'}}")
    assert main(["config", "check", str(file)]) == 2
    file.write_text("cameras: {a: {source: x.mp4}}\ndetectors: {default: {model: nosuch.onnx}}")
    assert main(["config", "check", str(file)]) == 2
    told = capsys.readouterr().err
    assert "peeple" in told
    assert "detectors.default.model" in told
