"""What a viewer sees when packets are lost, and after it has watched for long."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from playwright.sync_api import Page
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config

LOSSY: Final = (sys.executable, Path(__file__).with_name("lossy_service.py"), "0.03")

LONGEST_FREEZE_MS: Final = 1000
SHORT_S, LONG_S = 120.0, 1800.0
SETTLED_S: Final = 30.0
GROWTH_S: Final = 0.15
GROWTH_BYTES: Final = 40 * 2**20

RECORD: Final = """
window.shown = [];
document.addEventListener("frame", ({ target, detail: { metadata } }) => {
  const media = (metadata.rtpTimestamp - target.origin + 2 ** 32) % 2 ** 32 / 90000;
  window.shown.push([performance.now(), media]);
}, true);
"""
"""When each picture was shown, and its time at the camera in seconds."""


@contextmanager
def watching(chromium: Chromium, service: Service, camera: str) -> Iterator[Page]:
    with chromium.page(f"{service.url}/watch/{camera}", script=RECORD) as page:
        until(lambda: page.evaluate("window.shown.length > 10"))
        yield page


def shown(page: Page) -> list[tuple[float, float]]:
    pictures: list[tuple[float, float]] = page.evaluate("window.shown.splice(0)")
    return pictures


def test_lost_packets_do_not_freeze_the_picture(
    rtsp_camera: CameraFactory, chromium: Chromium, tmp_path: Path
) -> None:
    # Several packets a picture: enough of them are lost within seconds.
    camera = rtsp_camera(Clip(width=640, height=480, fps=15, gop=90, seconds=12))
    config = write_config(tmp_path, {"gate": {"source": camera.url, "detect": {"fps": 1}}})
    with (
        serving("run", config, folder=tmp_path, program=LOSSY) as service,
        watching(chromium, service, "gate") as page,
    ):
        lost: dict[str, Any] = {}
        until(lambda: (lost.update(inbound(page)) or lost["packetsLost"]) > 30)
        times = [at for at, _ in shown(page)]
        longest = max(b - a for a, b in pairwise(times))
        assert longest < LONGEST_FREEZE_MS, f"froze for {longest:.0f} ms: {lost}"


def inbound(page: Page) -> dict[str, Any]:
    """What the browser counted of the video (RTCInboundRtpStreamStats)."""
    statistics: dict[str, Any] = page.evaluate(
        """async () => {
          const { peer } = document.querySelector("sightline-player");
          for (const each of (await peer.getStats()).values()) if (each.type === "inbound-rtp") return each;
          return { packetsLost: 0 };
        }"""
    )
    return statistics


@pytest.mark.soak
@pytest.mark.timeout(LONG_S + 300)
def test_neither_delay_nor_memory_grows(
    rtsp_camera: CameraFactory, chromium: Chromium, tmp_path: Path
) -> None:
    """Two minutes; half an hour under SIGHTLINE_SOAK."""
    length_s = LONG_S if os.environ.get("SIGHTLINE_SOAK") else SHORT_S
    config = write_config(tmp_path, {"gate": {"source": rtsp_camera(Clip(fps=15)).url}})
    with serving("run", config, folder=tmp_path) as service, watching(chromium, service, "gate") as page:
        process = psutil.Process(service.process.pid)
        page.wait_for_timeout(SETTLED_S * 1000)
        first, before = delay_s(shown(page)), process.memory_info().rss
        page.wait_for_timeout((length_s - SETTLED_S) * 1000)
        pictures = shown(page)
        last = delay_s(pictures[-len(pictures) // 4 :])
        grown = process.memory_info().rss - before
        assert last - first < GROWTH_S, f"pictures are {last - first:.3f} s later than at the beginning"
        assert grown < GROWTH_BYTES, f"grew by {grown / 2**20:.0f} MiB"


def delay_s(pictures: list[tuple[float, float]]) -> float:
    """How long after their time at the camera pictures are shown, but for a constant; the median."""
    return statistics.median(at / 1000 - media for at, media in pictures)
