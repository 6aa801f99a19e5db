"""What befell a camera is kept, newest first, for as many days as events are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from keeping import MORNING, opened

from streamer.event import CameraEvent, CameraState
from streamer.metrics.metrics import Metrics
from streamer.publish.store import StoreSink
from streamer.status import Status
from streamer.storage.store import EventStore

pytestmark = pytest.mark.anyio


def trouble(number: int, state: CameraState = "frozen", camera: str = "yard") -> CameraEvent:
    reason = None if state == "up" else f"reason {number}"
    return CameraEvent(camera, state, reason, MORNING + timedelta(seconds=number), id=f"t{number}-{camera}")


async def kept(store: EventStore, count: int, camera: str = "yard") -> list[CameraEvent]:
    """The troubles of a camera, once there are so many on disk."""
    with anyio.fail_after(20):
        while len(found := await store.troubles(camera, limit=1000)) != count:
            await anyio.sleep(0.005)
    return list(found)


async def test_troubles_are_kept_newest_first_and_by_camera(tmp_path: Path) -> None:
    told = [trouble(2), trouble(0), trouble(1, "up")]
    async with opened(tmp_path) as (store, _):
        sink = StoreSink(store, Metrics(Status([])))
        await sink.conclude("yard", told)
        await sink.conclude("gate", [trouble(5, camera="gate")])
    async with opened(tmp_path) as (store, _):
        newest = [told[0], told[2], told[1]]
        assert await kept(store, 3) == newest
        assert [each.id for each in await store.troubles("yard")] == ["t2-yard", "t1-yard", "t0-yard"]
        assert list(await store.troubles("yard", limit=2)) == newest[:2]
        assert await store.troubles("attic") == ()
        with pytest.raises(ValueError, match="expected a limit from 1 to 1000, received 0"):
            await store.troubles("yard", limit=0)


async def test_old_troubles_go_by_days(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ages = [0.5, 1.5, 2.5, 9.0]
    async with opened(tmp_path) as (store, _):
        for number, days in enumerate(ages):
            store.trouble(replace(trouble(number), since=now - timedelta(days=days)))
        await kept(store, 4)
        await store.prune(2, 10**9)
        assert [each.reason for each in await store.troubles("yard")] == ["reason 0", "reason 1"]
        await store.prune(1, 10**9)
        assert [each.reason for each in await store.troubles("yard")] == ["reason 0"]
