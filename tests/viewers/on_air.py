"""A camera and its viewers in this process, behind the HTTP application."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import httpx
from access.fronts import in_front
from system.serving import descriptors

from streamer.api.app import create_app
from streamer.api.fallbacks import add_fallbacks
from streamer.api.pages import add_pages
from streamer.api.silence import Silence
from streamer.api.whep import add_whep
from streamer.capture.streams import CameraStreams, open_streams
from streamer.config.tree import CameraConfig, HttpConfig, StorageConfig, WebRtcConfig
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.store import EventStore
from streamer.webrtc.results import LiveResults
from streamer.webrtc.stills import Stills
from streamer.webrtc.viewers import Viewers

ORIGIN: Final = "http://sightline"
ANY_WAY: Final = WebRtcConfig()
ANYBODY: Final = HttpConfig(insecure=True)


@dataclass(frozen=True, slots=True)
class OnAir:
    """What runs.

    Attributes:
        http: a client of the application.
        viewers: the sessions.
        metrics: what is counted.
        streams: the camera ``front``.
        first_tasks, first_files: how many there were before the first viewer.
    """

    http: httpx.AsyncClient
    viewers: Viewers
    metrics: Metrics
    streams: CameraStreams
    first_tasks: int
    first_files: int

    async def until(self, viewers: int) -> None:
        """Waits until there are so many."""
        with anyio.fail_after(60):
            while self.viewers.count != viewers:
                await anyio.sleep(0.01)

    def tasks(self) -> set[asyncio.Task[object]]:
        return {task for task in asyncio.all_tasks() if not task.done()}


@asynccontextmanager
async def on_air(
    video: Path, folder: Path, webrtc: WebRtcConfig = ANY_WAY, http: HttpConfig = ANYBODY
) -> AsyncIterator[OnAir]:
    """A camera ``front`` that shows a recording, from its first key frame on."""
    status = Status([])
    metrics = Metrics(status, ["front"])
    streams = open_streams("front", CameraConfig(source=str(video)), metrics)
    results = LiveResults()
    viewers = Viewers({"front": streams}, {}, results, webrtc, metrics)
    app = create_app(metrics, status, EventStore(folder / "data", StorageConfig()))
    add_whep(app, viewers)
    add_fallbacks(app, viewers, Stills(results), Silence(metrics))
    add_pages(app, ["front"])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(streams.run)
        tasks.start_soon(_consume, streams)
        await tasks.start(viewers.run)
        front = await in_front(tasks, app, folder, http)
        with anyio.fail_after(60):
            while streams.detected is None or streams.detected.latest_keyframe is None:
                await anyio.sleep(0.01)
        transport = httpx.ASGITransport(front)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            tasks_now, files_now = len(asyncio.all_tasks()), descriptors(os.getpid())
            yield OnAir(client, viewers, metrics, streams, tasks_now, files_now)
        tasks.cancel_scope.cancel()


async def _consume(streams: CameraStreams) -> None:
    async for _ in streams.frames():
        pass
