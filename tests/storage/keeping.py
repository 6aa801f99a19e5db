"""Events, frames and stores as the tests of the store use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import numpy as np

from detectors.pixels import BgrPixels
from streamer.config.tree import StorageConfig
from streamer.event import Event, Phase, Ruling, snapshot_path
from streamer.frame import Frame
from streamer.storage.records import StoredEvent
from streamer.storage.snapshots import SUFFIXES
from streamer.storage.store import EventStore

MORNING = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
FOREVER = StorageConfig(days=100_000)


def frame(at: datetime = MORNING, size: tuple[int, int] = (320, 240), seed: int = 0) -> Frame:
    width, height = size
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Frame("yard", 0, 0, at, 0.0, BgrPixels(image))


def event(
    number: int, phase: Phase = "start", at: datetime = MORNING, camera: str = "yard", label: str = "person"
) -> Event:
    each = f"e{number:06d}"
    return Event(
        id=each,
        camera=camera,
        phase=phase,
        label=label,
        track=number,
        confidence=0.9,
        box=(10.4, 20.6, 110.5, 220.5),
        started_at=at,
        ended_at=at + timedelta(seconds=9) if phase == "end" else None,
        snapshot=snapshot_path(camera, at, each),
        zones=("porch",),
        rules=(Ruling("threshold", True, 0.7, 0.5),),
    )


@asynccontextmanager
async def opened(
    data: Path, config: StorageConfig | None = None
) -> AsyncIterator[tuple[EventStore, tuple[StoredEvent, ...]]]:
    """A running store, and what it recovered; everything is on disk after the block."""
    store = EventStore(data, config or FOREVER)
    async with anyio.create_task_group() as tasks:
        recovered = await tasks.start(store.run)
        yield store, recovered.ended
        tasks.cancel_scope.cancel()


async def everything(store: EventStore) -> list[StoredEvent]:
    """All events, newest first, page by page."""
    page = await store.events(limit=7)
    found = list(page.items)
    while page.next is not None:
        page = await store.events(limit=7, cursor=page.next)
        found += page.items
    return found


async def written(store: EventStore) -> None:
    """Wait until nothing waits any more."""
    with anyio.fail_after(20):
        while store.state.waiting_events or store.state.waiting_pictures:
            await anyio.sleep(0.005)


def files(data: Path) -> set[str]:
    """All files of snapshots below the data folder."""
    return {str(path.relative_to(data)) for path in (data / "snapshots").rglob("*") if path.is_file()}


def expected_files(events: list[StoredEvent]) -> set[str]:
    """The files that the index says there are."""
    return {f"{each.snapshot}{suffix}" for each in events if each.snapshot for suffix in SUFFIXES}
