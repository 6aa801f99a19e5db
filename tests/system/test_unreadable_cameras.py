"""Cameras that cannot be read: each is down with its reason, and the rest goes on."""

from __future__ import annotations

import socket
from pathlib import Path

from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.commanding import sightline
from system.serving import serving, until, write_config
from system.wrong_inputs import write_wrong_inputs


def test_each_is_down_with_its_reason_and_the_rest_goes_on(
    rtsp_camera: CameraFactory, street_clip: Clip, footage: Path, tmp_path: Path
) -> None:
    write_wrong_inputs(tmp_path, footage)
    served = rtsp_camera(street_clip)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        sources = {
            "elsewhere": (served.url + "/elsewhere", "nothing at this address (404)"),
            "refused": (f"rtsp://127.0.0.1:{closed.getsockname()[1]}/cam", "connection refused"),
            "unknown": ("rtsp://no-such-host.invalid/cam", "name not found: no-such-host.invalid"),
            "text": ("text.mp4", "not a video"),
            "missing": ("missing.mp4", "no such file"),
            "folder": ("empty-folder", "a folder, not a video"),
        }
        cameras = {name: {"source": source, "timeout_s": 2} for name, (source, _) in sources.items()}
        config = write_config(tmp_path, {**cameras, "good": {"source": served.url}})
        with serving("run", config, folder=tmp_path) as service:
            for name, (_, reason) in sources.items():
                assert service.until_state(name, "down")["reason"] == reason
            until(lambda: service.cameras()["good"]["fps_detected"] > 0)
            assert service.get("/readyz").status_code == 200
            assert service.stop().status == 0
            assert "Traceback" not in service.log
            assert f"text: text.mp4: {sources['text'][1]}\n" in service.log


def test_a_service_that_has_nothing_left_to_read_ends(footage: Path, tmp_path: Path) -> None:
    write_wrong_inputs(tmp_path, footage)
    done = sightline("run", "--port", "0", "--source", "text.mp4", "--source", "missing.mp4", cwd=tmp_path)
    assert done.status == 2
    assert done.err.splitlines()[-1] == done.told[0]
    assert len(done.told) == 1
    assert "Traceback" not in done.err


def test_the_doctor_says_what_would_fail(footage: Path, tmp_path: Path) -> None:
    write_wrong_inputs(tmp_path, footage)
    cameras = {"text": {"source": "text.mp4"}, "good": {"source": str(footage)}}
    wrong = {"detectors": {"default": {"model": "half.onnx"}}, "data": "a-file"}
    done = sightline("doctor", write_config(tmp_path, cameras, **wrong), cwd=tmp_path)
    assert (done.status, done.err) == (1, "")
    assert (
        "detectors.default.model: expected the name or path of a model, received half.onnx: damaged"
        in done.out
    )
    assert "FAIL  text: not a video" in done.out
    assert "ok    good: 640x360" in done.out
    assert "a-file cannot be written" in done.out
    assert done.out.endswith("3 would fail\n")


def test_an_address_at_a_camera_that_shows_nothing_is_one_line(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    url = rtsp_camera(street_clip).url + "/elsewhere"
    done = sightline("detect", url, cwd=tmp_path)
    assert (done.status, done.err) == (2, f"sightline: {url}: nothing at this address (404)\n")


def test_a_data_folder_is_for_one_service_at_a_time(tmp_path: Path) -> None:
    quiet = ["run", "--source", "sim://street?people=0&fps=1"]
    with serving(*quiet, folder=tmp_path):
        done = sightline(*quiet, "--port", "0", cwd=tmp_path)
    assert (done.status, done.err) == (1, "sightline: sightline-data: is in use by another process\n")
