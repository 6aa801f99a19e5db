"""What is told of a camera that goes and comes back: once each, with when it began."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.records import kept_troubles, records
from system.serving import serving, until, write_config

HOLD_S = 1.0


def states_told(folder: Path, camera: str = "yard") -> list[dict[str, Any]]:
    told = (each for each in records(folder / "out.jsonl") if each["schema"] == "sightline.cameras/1")
    return [each for each in told if each["camera"] == camera]


def black(path: Path) -> Path:
    """A film of something dark before the lens."""
    picture = ["-f", "lavfi", "-i", "color=black:size=320x240:rate=5", "-t", "4", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def test_each_camera_s_trouble_is_told_once_it_has_lasted(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    """One is down for longer than its hold, one comes back within it, one is covered."""
    yard, gate = rtsp_camera(street_clip), rtsp_camera(street_clip)
    cameras = {
        "yard": {"source": yard.url, "timeout_s": 1.5},
        "gate": {"source": gate.url, "timeout_s": 1.5, "state": {"hold": "1min"}},
        "dark": {"source": str(black(tmp_path / "black.mp4"))},
    }
    config = write_config(tmp_path, cameras, state={"hold": f"{HOLD_S:g}s"})
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        until(lambda: {service.cameras()[each]["picture"] for each in ("yard", "gate")} == {"fine"})
        killed_at = datetime.now(UTC)
        for camera in (yard, gate):
            camera.kill()
        service.until_state("gate", "down")
        gate.start()
        until(lambda: states_told(tmp_path))
        yard.start()
        until(lambda: len(states_told(tmp_path)) > 1)
        up_at = datetime.now(UTC)
        service.until_state("gate", "live")
        (covered,) = until(lambda: states_told(tmp_path, "dark"))
        dark = service.cameras()["dark"]
        # Nothing more is due: it stays up for longer than it would take.
        time.sleep(2 * HOLD_S)
        counted = [
            service.series("sightline_camera_events_total", camera="yard", state=state)
            for state in ("down", "up", "frozen")
        ]
        assert service.series("sightline_camera_picture", camera="dark", picture="covered") == 1
        service.stop()
        log = service.log
    down, up = states_told(tmp_path)
    assert (down["state"], up["state"], up["reason"]) == ("down", "up", None)
    assert down["reason"] in ("the stream ended", "connection refused")
    began = [datetime.fromisoformat(each["since"]) for each in (down, up)]
    assert killed_at < began[0] < began[1] < up_at
    assert (up_at - began[1]).total_seconds() >= HOLD_S
    assert counted == [1, 1, 0]
    assert states_told(tmp_path, "gate") == []
    assert covered["state"] == "covered"
    assert "covered" in covered["reason"]
    # The connection is as it was: pictures come.
    assert (dark["state"], dark["reason"], dark["picture"]) == ("live", None, "covered")
    kept = [each for each in kept_troubles(tmp_path / "sightline-data") if each[1] != "covered"]
    assert kept == [(each["id"], each["state"], each["reason"]) for each in (down, up)]
    assert "yard: down since" in log
    assert "yard: up since" in log
    assert "gate: down since" not in log


def test_a_camera_that_is_down_at_the_start_is_told_and_back_after_it_too(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    camera = rtsp_camera(street_clip)
    cameras = {"yard": {"source": camera.url, "timeout_s": 1.5}}
    config = write_config(tmp_path, cameras, state={"hold": f"{HOLD_S:g}s"})
    command = ("run", config, "--json", "out.jsonl")
    camera.kill()
    with serving(*command, folder=tmp_path) as service:
        (down,) = until(lambda: states_told(tmp_path))
        assert service.cameras()["yard"]["picture"] is None
        assert service.series("sightline_camera_picture", camera="yard", picture="fine") == 0
        service.stop()
    assert (down["state"], down["reason"]) == ("down", "connection refused")
    camera.start()
    with serving(*command, folder=tmp_path) as service:
        until(lambda: len(states_told(tmp_path)) > 1)
        service.stop()
    assert [each["state"] for each in states_told(tmp_path)] == ["down", "up"]
