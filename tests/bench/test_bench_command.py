"""``sightline bench`` as a user runs it, for as short as it can."""

import json
from pathlib import Path

import pytest

from streamer.cli import main

RATIOS = {"file_speed", "file_thrift", "live_share", "live_slowest", "live_p95", "calm_cpu", "start_s"}


@pytest.mark.timeout(300)
def test_the_report_has_every_section_with_sane_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--seconds", "0.5", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    ratios, absolutes = report["ratios"], report["absolutes"]

    assert set(ratios) == RATIOS
    assert report["model"] == "sightline-nano"
    assert report["rounds"] == 1
    for figure in ratios.values():
        assert figure["ours"] > 0
        assert figure.get("met") in (True, False, None)
    assert {key for key in RATIOS if ratios[key]["by_hand"] is None} == {"calm_cpu"}
    assert ratios["file_speed"]["target"] == ">= 0.9"
    # More than every frame of every camera cannot come, give or take one at either end.
    assert absolutes["live_fps"]["ours"] <= 120 + 2 * 4 / 0.5
    parts = sum(absolutes[key]["limit"] for key in ("decode_ms", "letterbox_ms", "run_ms"))
    assert parts == pytest.approx(absolutes["file_cpu_ms"]["limit"], rel=0.01)
    assert absolutes["live_p50_ms"]["ours"] <= absolutes["live_p95_ms"]["ours"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--source", "missing.mp4"], "missing.mp4: no such file"),
        (["--source", "rtsp://camera/1"], "--source: expected a video file or sim://street"),
        (["--source", "sim://street?people=-1"], "--source: street option people"),
        (["--model", "missing.onnx"], "missing.onnx: no such file"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments]) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1


def test_a_file_that_is_no_video_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    assert main(["bench", "--source", str(text)]) == 2
    assert "text.mp4: not a video" in capsys.readouterr().err
