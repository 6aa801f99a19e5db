"""Cameras that come and go for ten minutes: memory, threads and open files stay as they were."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import psutil
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, RtspCamera
from system.serving import Service, serving, until, write_config

WHOLE = bool(os.environ.get("SIGHTLINE_SOAK"))
MORE = 3
"""Threads and files that may come and go at any moment; a leak shows once for each restart."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a soak goes.

    Attributes:
        restart_every_s: how often both cameras restart.
        first_s, last_s: when the process is looked at, and compared.
        around_s: it is looked at for so long before and after, for a median.
    """

    restart_every_s: float
    first_s: float
    last_s: float
    around_s: float


# One picture is 2.8 MB, about 1 % of the process: a leak of one a restart is 8 % of growth in the short
# course, and half as much again as the process in the whole one.
COURSE = Course(20, 120, 600, 10) if WHOLE else Course(5, 8, 21, 2)
GROWTH = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds, some seconds after the cameras were live."""

    at_s: float
    rss_bytes: float
    threads: float
    files: float


def usage(process: psutil.Process, at_s: float) -> Usage:
    with process.oneshot():
        return Usage(at_s, process.memory_info().rss, process.num_threads(), process.num_fds())


def around(samples: Sequence[Usage], at_s: float) -> Usage:
    """The medians around that moment."""
    near = [each for each in samples if abs(each.at_s - at_s) <= COURSE.around_s]
    return Usage(
        at_s,
        median(each.rss_bytes for each in near),
        median(each.threads for each in near),
        median(each.files for each in near),
    )


def restart(service: Service, cameras: dict[str, RtspCamera], number: int) -> None:
    """Both cameras at once, for the ``number``-th time; each is live again."""
    for camera in cameras.values():
        camera.kill()
        camera.start()
    for name in cameras:
        until(partial(has_gone, service, name, number))
        service.until_state(name, "live")


def has_gone(service: Service, camera: str, times: int) -> bool:
    return service.series("sightline_camera_interruptions_total", camera=camera) == times


@pytest.mark.soak
@pytest.mark.timeout(1000)
def test_cameras_that_restart_leave_nothing_behind(
    rtsp_camera: CameraFactory, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = Clip(width=1280, height=720, fps=15, gop=15, seconds=10, video=footage)
    cameras = {name: rtsp_camera(clip) for name in ("left", "right")}
    config = write_config(tmp_path, {name: {"source": camera.url} for name, camera in cameras.items()})
    samples: list[Usage] = []
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        process = psutil.Process(service.process.pid)
        for name in cameras:
            service.until_state(name, "live")
        began, restarted = time.monotonic(), 0
        while (elapsed_s := time.monotonic() - began) <= COURSE.last_s + COURSE.around_s:
            samples.append(usage(process, elapsed_s))
            if elapsed_s >= (restarted + 1) * COURSE.restart_every_s:
                restarted += 1
                restart(service, cameras, restarted)
            time.sleep(1)
        results = {name: service.series("sightline_frames_detected_total", camera=name) for name in cameras}
        assert service.stop().status == 0
        assert "Traceback" not in service.log
    first, last = around(samples, COURSE.first_s), around(samples, COURSE.last_s)
    with capsys.disabled():
        for each in (first, last):
            print(
                f"\n{each.at_s:.0f} s: {each.rss_bytes / 2**20:.1f} MiB, {each.threads:g} threads,"
                f" {each.files:g} files",
                end="",
            )
        print(f"\n{restarted} restarts; results: {results}")
    assert last.rss_bytes < first.rss_bytes * (1 + GROWTH)
    assert last.threads <= first.threads + MORE
    assert last.files <= first.files + MORE
    assert min(results.values()) > 2 * COURSE.last_s
