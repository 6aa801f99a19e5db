"""A camera with two streams: detected on one, pictures from the other, which is opened only for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from rtsp.clips import Clip
from rtsp.two_streams import TwoStreams
from system.commanding import sightline
from system.footage import STREET, film
from system.serving import Service, serving, until, write_config

FPS: Final = 10
QUIET_S: Final = 4
BUSY_S: Final = 6
LEAST_IOU: Final = 0.4
MOST_APART_S: Final = 0.2
"""Two pictures' time. Before main's reports come its times are those of arrival, a picture's time late."""


@pytest.fixture(scope="module")
def films(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The street without people, and with them."""
    empty = STREET.replace("people=4", "people=0")
    return film(tmp_path_factory.mktemp("two-streams") / "quiet.mp4", 1, empty), footage


def stream(
    films: Sequence[Path], clips: Callable[[Clip], Path], folder: Path, size: tuple[int, int]
) -> tuple[Path, int]:
    """Nobody, then people, again and again, as an elementary stream."""
    quiet, busy = (
        clips(Clip(*size, FPS, gop=FPS, seconds=seconds, video=video, preset="veryfast")).read_bytes()
        for video, seconds in zip(films, (1, BUSY_S), strict=True)
    )
    path = folder / f"{size[0]}x{size[1]}.h264"
    path.write_bytes(quiet * QUIET_S + busy)
    return path, FPS


def test_main_is_opened_for_events_and_its_pictures_show_them(
    films: Sequence[Path], clips: Callable[[Clip], Path], tmp_path: Path
) -> None:
    """The smaller stream is 4:3, what the camera sees pressed together."""
    camera = TwoStreams(
        stream(films, clips, tmp_path, (1280, 720)), stream(films, clips, tmp_path, (480, 360))
    )
    camera.start()
    config = write_config(tmp_path, {"gate": {"source": camera.source, "timeout_s": 2}})
    camera.kill()
    try:
        with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
            assert service.cameras()["gate"]["main"]["state"] == "closed"
            camera.start()
            opened_only_with_an_event(service, camera)
            kept = until(lambda: sidecars(tmp_path, "main"))
            survives_without_main(service, camera)
            log = service.log
    finally:
        camera.kill()
    assert "Traceback" not in log
    assert log.count("main is 1280x720 and sub 480x360, of another shape") == 1
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    pictures_show_the_events(tmp_path, kept)
    pictures_are_of_the_moment(kept, records)


def opened_only_with_an_event(service: Service, camera: TwoStreams) -> None:
    service.until_state("gate", "live")
    main = until(lambda: found if (found := service.cameras()["gate"]["main"])["state"] != "closed" else None)
    assert main["since"] > min(event["started_at"] for event in until(service.events))
    until(lambda: camera.main.watched)
    until(lambda: service.cameras()["gate"]["main"]["state"] == "live")
    assert service.series("sightline_camera_main_state", camera="gate", state="live") == 1


def survives_without_main(service: Service, camera: TwoStreams) -> None:
    camera.main.kill()
    until(lambda: service.cameras()["gate"]["main"]["state"] == "down")
    before = service.series("sightline_frames_detected_total", camera="gate")
    until(lambda: service.series("sightline_frames_detected_total", camera="gate") >= before + 8)
    assert service.cameras()["gate"]["state"] == "live"
    assert service.cameras()["gate"]["main"]["reason"]
    assert service.series("sightline_camera_main_interruptions_total", camera="gate") == 1
    assert service.series("sightline_camera_interruptions_total", camera="gate") == 0
    told = [line for line in service.log.splitlines() if "WARNING gate (main)" in line]
    assert len(told) == len({line.rpartition(": ")[2] for line in told}) <= 2


def sidecars(folder: Path, stream: str) -> list[dict[str, Any]]:
    """What is said of the pictures of that stream, with where they lie."""
    found = []
    for path in sorted((folder / "sightline-data" / "snapshots").rglob("*.json")):
        try:
            kept = json.loads(path.read_text())
        except FileNotFoundError:  # a better picture takes its place at this moment
            continue
        if kept["stream"] == stream:
            found.append({**kept, "picture": path.with_suffix(".jpg")})
    return found


def pictures_show_the_events(folder: Path, kept: list[dict[str, Any]]) -> None:
    """The box lies where a detector finds the person in the very picture; on a busy machine the first one,
    whose time is that of its arrival, may be a few pictures late."""
    done = sightline("detect", *(each["picture"] for each in kept), "--json", "-", cwd=folder)
    lines = map(json.loads, done.out.splitlines())
    shares = []
    for each, line in zip(kept, lines, strict=True):
        assert (each["width"], each["height"]) == (line["width"], line["height"]) == (1280, 720)
        shares.append(max(overlap(each["box"], found["box"]) for found in line["objects"]))
    assert median(shares) > LEAST_IOU, shares


def pictures_are_of_the_moment(kept: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    """Some frame that was detected on is of the same moment."""
    times = [datetime.fromisoformat(record["captured_at"]) for record in records if "captured_at" in record]
    for each in kept:
        taken_at = datetime.fromisoformat(each["captured_at"])
        assert min(abs((at - taken_at).total_seconds()) for at in times) < MOST_APART_S


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return shared / (areas - shared)
