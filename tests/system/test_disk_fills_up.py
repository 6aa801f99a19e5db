"""A disk that fills up: pictures pause, detection goes on, files stay whole, and everything resumes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from system.commanding import sightline
from system.records import kept_events, phases, records
from system.serving import END_S, Service, serving, until, write_config
from system.small_disk import fill, small_disk

DISK_BYTES = 6 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def test_detection_goes_on_while_pictures_pause(footage: Path, disk: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, {"street": {"source": str(footage)}}, data=str(disk / "data"))
    lines = disk / "out.jsonl"
    with serving("run", config, "--json", lines, folder=tmp_path) as service:
        until(lambda: any(event["snapshot"] for event in service.events()))
        ballast = fill(disk)
        until(lambda: "snapshots pause: " in service.log)
        until(lambda: service.series("sightline_sink_lost_total", sink="json", reason="unavailable") > 0)
        more_results(service)
        assert service.get("/readyz").status_code == 200
        assert service.states() == {"street": "live"}
        assert service.get("/api/events").status_code == 200

        ballast.unlink()
        until(lambda: "snapshots are kept again" in service.log)
        told = len(records(lines))
        until(lambda: len(records(lines)) > told)
        ended = service.stop()
        log = service.log
    assert (ended.status, "Traceback" in log) == (0, False)
    kept = kept_events(disk / "data")
    assert all(event["ended_at"] for event in kept.values())
    # What the disk refused is missing in the lines, never torn, and nothing is told twice.
    assert all(
        each.count("start") <= 1 and each.count("end") <= 1 for each in phases(records(lines)).values()
    )
    assert set(phases(records(lines))) <= set(kept)


def test_a_full_disk_does_not_hold_up_the_end(footage: Path, disk: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, {"street": {"source": str(footage)}}, data=str(disk / "data"))
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: service.events())
        fill(disk)
        until(lambda: "snapshots pause: " in service.log)
        ended = service.stop()
        log = service.log
    assert (ended.status, "Traceback" in log) == (0, False)
    assert ended.took_s < END_S


def more_results(service: Service) -> None:
    before = service.series("sightline_frames_detected_total", camera="street")
    until(lambda: service.series("sightline_frames_detected_total", camera="street") > before + 5)


@pytest.mark.parametrize(
    ("option", "name"), [("--json", "out.jsonl"), ("--video", "out.mp4"), ("--pictures", "pictures")]
)
def test_detect_tells_a_full_disk_in_one_line(
    footage: Path, disk: Path, tmp_path: Path, option: str, name: str
) -> None:
    ballast = fill(disk)
    os.truncate(ballast, ballast.stat().st_size - 4 * 4096)
    done = sightline("detect", footage, option, disk / name, cwd=tmp_path)
    assert (done.status, len(done.err.splitlines())) == (1, 1), done.err
    assert done.err.startswith(f"sightline: cannot write {disk / name}")
    assert "No space left on device" in done.err
    if option == "--json":
        assert records(disk / name)
