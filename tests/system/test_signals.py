"""Ctrl-C and SIGTERM: what was begun is finished, and the exit status is 0 within five seconds."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.commanding import PATIENCE_S, SIGHTLINE
from system.records import kept_events, phases, pictures_of, records
from system.serving import END_S, serving, until, write_config

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_the_service_ends_every_event(footage: Path, tmp_path: Path, number: signal.Signals) -> None:
    cameras = {"file": {"source": str(footage)}, "sim": {"source": "sim://street?seed=8&size=640x360"}}
    config = write_config(tmp_path, cameras)
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        until(
            lambda: {event["camera"] for event in service.events() if not event["ended_at"]} == set(cameras)
        )
        ended = service.stop(number)
        log = service.log
    assert ended.status == 0
    assert ended.took_s < END_S
    assert "Traceback" not in log
    told = phases(records(tmp_path / "out.jsonl"))
    assert told
    for each in told.values():
        assert (each[0], each[-1], each.count("start"), each.count("end")) == ("start", "end", 1, 1)
    kept = kept_events(tmp_path / "sightline-data")
    assert set(kept) == set(told)
    assert all(event["ended_at"] for event in kept.values())


def test_a_frozen_camera_does_not_hold_up_the_end(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    camera = rtsp_camera(street_clip)
    with serving("run", "--source", camera.url, folder=tmp_path) as service:
        service.until_state("camera-1", "live")
        camera.freeze()
        ended = service.stop()
        log = service.log
    assert ended.status == 0
    assert ended.took_s < END_S
    assert "Traceback" not in log


@BOTH
def test_detect_finishes_its_files(footage: Path, tmp_path: Path, number: signal.Signals) -> None:
    long = repeated(footage, tmp_path / "long.mp4")
    command = [
        SIGHTLINE,
        "detect",
        long,
        "--json",
        "out.jsonl",
        "--video",
        "out.mp4",
        "--pictures",
        "pictures",
    ]
    with (tmp_path / "stderr").open("w") as err:
        process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=err)
    lines = tmp_path / "out.jsonl"
    until(lambda: lines.exists() and lines.read_bytes().count(b"\n") >= 20)
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(PATIENCE_S) == 0
    assert time.monotonic() - began < END_S
    assert "Traceback" not in (tmp_path / "stderr").read_text()
    frames = [each["frame"] for each in records(lines)]
    assert frames == list(range(len(frames)))
    assert 20 <= len(frames) < 2000
    assert pictures_of(tmp_path / "out.mp4") == len(frames)
    assert len(list((tmp_path / "pictures").iterdir())) == len(frames)


@BOTH
@pytest.mark.parametrize("library", ["numpy", "onnxruntime"])
@pytest.mark.parametrize("command", ["run", "detect"])
def test_a_signal_while_it_starts_is_no_error(
    footage: Path, tmp_path: Path, command: str, library: str, number: signal.Signals
) -> None:
    """In the middle of importing that library."""
    arguments = ["run", "--source", footage, "--port", "0"] if command == "run" else ["detect", footage]
    process = subprocess.Popen(
        [SIGHTLINE, *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    maps = Path(f"/proc/{process.pid}/maps")
    until(lambda: f"/{library}/" in maps.read_text())
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert time.monotonic() - began < END_S


def test_whoever_presses_ctrl_c_again_and_again_loses_nothing(footage: Path, tmp_path: Path) -> None:
    with serving("run", "--source", footage, "--json", "out.jsonl", folder=tmp_path) as service:
        until(lambda: service.events())
        while service.process.poll() is None:
            service.process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        assert service.process.returncode == 0
        assert "Traceback" not in service.log
    assert all(each[-1] == "end" for each in phases(records(tmp_path / "out.jsonl")).values())


def repeated(footage: Path, path: Path) -> Path:
    """The footage twenty times, 2000 frames."""
    command = ["ffmpeg", "-v", "error", "-stream_loop", "19", "-i", footage, "-c", "copy", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path
