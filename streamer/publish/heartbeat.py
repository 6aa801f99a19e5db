"""One log line per camera now and then, where there is no terminal to show a table on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

import anyio

if TYPE_CHECKING:
    from streamer.metrics.camera import CameraStatistics

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0


class Statistics(Protocol):
    """Where the figures are read."""

    def cameras(self) -> Sequence[CameraStatistics]: ...


async def heartbeat(statistics: Statistics, every_s: float = EVERY_S) -> None:
    """Logs how every camera does, until it is cancelled."""
    while True:
        await anyio.sleep(every_s)
        for camera in statistics.cameras():
            log.info("%s", line(camera))


def line(camera: CameraStatistics) -> str:
    """``front: live, 29.9 in/s, 5.0 detected/s, p95 21 ms, 2 objects, dropped busy 3``."""
    parts = [camera.state if camera.reason is None else f"{camera.state} ({camera.reason})"]
    if camera.picture not in (None, "fine"):
        parts.append(f"picture {camera.picture}")
    parts.append(f"{camera.fps_in:.1f} in/s, {camera.fps_detected:.1f} detected/s")
    if camera.latency_p95_s is not None:
        parts.append(f"p95 {camera.latency_p95_s * 1000:.0f} ms")
    parts.append(f"{camera.objects} objects")
    if camera.dropped:
        parts.append("dropped " + " ".join(f"{reason} {n}" for reason, n in sorted(camera.dropped.items())))
    return f"{camera.camera}: {', '.join(parts)}"
