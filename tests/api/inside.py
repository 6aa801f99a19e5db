"""A store with events behind the HTTP interface, on a real port; what is live comes from the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import numpy as np
from access.door import ADMIN_TOKEN, VIEWER_TOKEN, token
from access.fronts import in_front
from supervision import Detections

from detectors.pixels import BgrPixels
from streamer.access.accounts import Accounts
from streamer.api.app import create_app
from streamer.api.event import add_event
from streamer.api.samples import add_samples
from streamer.api.server import serve
from streamer.api.stream import add_stream
from streamer.config.tree import HttpConfig, StorageConfig
from streamer.event import Event, snapshot_path
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.publish.live import LiveRecords
from streamer.publish.publisher import Publisher
from streamer.publish.store import StoreSink
from streamer.status import Status
from streamer.storage.store import EventStore
from streamer.tracking.tracks import Tracks

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROBLEM = "application/problem+json"
NOTHING = Tracks(0.0, Detections.empty(), ())


def name_of(number: int) -> str:
    """The id of an event."""
    return f"019ca945-0afa-7b8e-81f8-{number:012x}"


def event(number: int, **more: Any) -> Event:
    """It began so many seconds after noon, and ended a second later unless said otherwise."""
    started_at = NOON + timedelta(seconds=number)
    camera = more.get("camera", "gate")
    usual = {
        "camera": camera,
        "phase": "end",
        "label": "person",
        "track": number,
        "confidence": 0.9,
        "box": (20.0, 10.0, 40.0, 40.0),
        "started_at": started_at,
        "ended_at": started_at + timedelta(seconds=1),
        "snapshot": snapshot_path(camera, started_at, name_of(number)),
    }
    return Event(id=name_of(number), **(usual | more))


def going_on(number: int, **more: Any) -> Event:
    return event(number, **({"phase": "start", "ended_at": None} | more))


def frame(camera: str = "gate", at: datetime = NOON) -> Frame:
    image = np.random.default_rng(7).integers(0, 256, (48, 64, 3), np.uint8)
    return Frame(camera, 0, 0, at, 0.0, BgrPixels(image))


@dataclass(frozen=True, slots=True)
class Inside:
    """What stands behind the interface, and a program that asks it."""

    store: EventStore
    live: LiveRecords
    publisher: Publisher
    client: httpx.AsyncClient

    async def happen(self, *events: Any) -> None:
        """As a pipeline tells it, each with a frame of its camera."""
        for each in events:
            await self.publisher.publish(frame(each.camera), NOTHING, [each])

    async def keep(self, *events: Event) -> None:
        await self.happen(*events)
        await self.store.written()

    async def ids(self, **query: Any) -> list[str]:
        answer = await self.client.get("/api/events", params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    async def get(self, path: str, **query: Any) -> Any:
        """What it answers, where it does."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def inside(
    folder: Path, http: HttpConfig | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[Inside]:
    """Anybody may do everything, unless there is a configuration."""
    store, live, status = EventStore(folder, StorageConfig(days=100_000)), LiveRecords(), Status([])
    metrics = Metrics(status, ["gate", "yard"])
    app = create_app(metrics, status, store)
    add_stream(app, live, metrics, store)
    add_event(app, store, folder)
    add_samples(app, store.samples, folder)
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        await tasks.start(live.run)
        front = await in_front(tasks, app, folder, http or HttpConfig(insecure=True))
        url = await tasks.start(serve, front, "127.0.0.1", 0)
        publisher = Publisher([StoreSink(store, metrics), live])
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            yield Inside(store, live, publisher, client)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def guarded(folder: Path, who: str) -> AsyncIterator[Inside]:
    """Asked by an ``admin``, or by a ``viewer`` of the gate alone."""
    folder.mkdir(exist_ok=True)
    accounts = Accounts.of(folder)
    accounts.open()
    accounts.add(token("script", ADMIN_TOKEN, "admin"))
    accounts.add(token("wall", VIEWER_TOKEN, cameras=frozenset({"gate"})))
    accounts.close()
    secret = {"admin": ADMIN_TOKEN, "viewer": VIEWER_TOKEN}[who]
    async with inside(folder, HttpConfig(), {"Authorization": f"Bearer {secret}"}) as within:
        yield within
