"""What is told of a camera that goes and comes back: once each, with when it began."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, RtspCamera
from system.records import kept_troubles, records
from system.serving import serving, until, write_config

HOLD_S = 1.0


def states_told(folder: Path) -> list[dict[str, Any]]:
    return [each for each in records(folder / "out.jsonl") if each["schema"] == "sightline.cameras/1"]


def configured(folder: Path, camera: RtspCamera, hold: str) -> Path:
    cameras = {"yard": {"source": camera.url, "timeout_s": 1.5}}
    return write_config(folder, cameras, state={"hold": hold})


def test_a_camera_that_is_killed_and_comes_back_is_told_down_and_up_once(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    camera = rtsp_camera(street_clip)
    with serving(
        "run", configured(tmp_path, camera, f"{HOLD_S:g}s"), "--json", "out.jsonl", folder=tmp_path
    ) as service:
        service.until_state("yard", "live")
        until(lambda: service.cameras()["yard"]["picture"] == "fine")
        killed_at = datetime.now(UTC)
        camera.kill()
        until(lambda: states_told(tmp_path))
        camera.start()
        until(lambda: len(states_told(tmp_path)) > 1)
        up_at = datetime.now(UTC)
        # Nothing more is due: it stays up for longer than it would take.
        time.sleep(2 * HOLD_S)
        counted = [
            service.series("sightline_camera_events_total", camera="yard", state=state)
            for state in ("down", "up", "frozen")
        ]
        service.stop()
        log = service.log
    down, up = states_told(tmp_path)
    assert (down["camera"], down["state"]) == ("yard", "down")
    assert down["reason"] in ("the stream ended", "connection refused")
    assert (up["state"], up["reason"]) == ("up", None)
    began = [datetime.fromisoformat(each["since"]) for each in (down, up)]
    assert killed_at < began[0] < began[1] < up_at
    assert (up_at - began[1]).total_seconds() >= HOLD_S
    assert counted == [1, 1, 0]
    kept = kept_troubles(tmp_path / "sightline-data")
    assert kept == [(each["id"], each["state"], each["reason"]) for each in (down, up)]
    assert "yard: down since" in log
    assert "yard: up since" in log


def test_a_camera_that_comes_back_while_nothing_ran_is_told_up(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    camera = rtsp_camera(street_clip)
    command = ("run", configured(tmp_path, camera, f"{HOLD_S:g}s"), "--json", "out.jsonl")
    camera.kill()
    with serving(*command, folder=tmp_path) as service:
        until(lambda: states_told(tmp_path))
        service.stop()
    camera.start()
    with serving(*command, folder=tmp_path) as service:
        until(lambda: len(states_told(tmp_path)) > 1)
        service.stop()
    assert [each["state"] for each in states_told(tmp_path)] == ["down", "up"]


def test_a_camera_that_comes_back_within_the_hold_is_not_told(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    camera = rtsp_camera(street_clip)
    with serving(
        "run", configured(tmp_path, camera, "30s"), "--json", "out.jsonl", folder=tmp_path
    ) as service:
        service.until_state("yard", "live")
        camera.kill()
        service.until_state("yard", "down")
        camera.start()
        service.until_state("yard", "live")
        detected = len(records(tmp_path / "out.jsonl"))
        until(lambda: len(records(tmp_path / "out.jsonl")) > detected)
        service.stop()
    assert states_told(tmp_path) == []


def test_a_camera_that_is_down_at_the_start_is_told_too(rtsp_camera: CameraFactory, tmp_path: Path) -> None:
    camera = rtsp_camera()
    camera.kill()
    with serving(
        "run", configured(tmp_path, camera, f"{HOLD_S:g}s"), "--json", "out.jsonl", folder=tmp_path
    ) as service:
        (down,) = until(lambda: states_told(tmp_path))
        assert service.cameras()["yard"]["picture"] is None
        assert service.series("sightline_camera_picture", camera="yard", picture="fine") == 0
    assert (down["state"], down["reason"]) == ("down", "connection refused")


def test_a_live_camera_with_something_before_its_lens_is_told(tmp_path: Path) -> None:
    film = tmp_path / "black.mp4"
    black = ["-f", "lavfi", "-i", "color=black:size=320x240:rate=5", "-t", "4", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *black, str(film)], check=True, stdin=subprocess.DEVNULL)
    config = write_config(tmp_path, {"yard": {"source": str(film)}}, state={"hold": "1s"})
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        (covered,) = until(lambda: states_told(tmp_path))
        camera = service.cameras()["yard"]
        assert service.series("sightline_camera_picture", camera="yard", picture="covered") == 1
    assert covered["state"] == "covered"
    assert "covered" in covered["reason"]
    # The connection is as it was: pictures come.
    assert (camera["state"], camera["reason"], camera["picture"]) == ("live", None, "covered")
