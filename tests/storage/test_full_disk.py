"""A disk that is really full: a small file system of its own."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from keeping import MORNING, event, everything, expected_files, files, frame, opened, written

from streamer.errors import SinkUnavailable
from streamer.event import CameraEvent

pytestmark = pytest.mark.anyio
BALLAST = "ballast"


def fill(disk: Path, leave: int) -> None:
    """Write a file that leaves so many bytes."""
    free = os.statvfs(disk)
    (disk / BALLAST).write_bytes(bytes(max(free.f_bavail * free.f_frsize - leave, 0)))


@pytest.mark.parametrize("leave", [300_000, 500_000], ids=["below the reserve", "too little for the picture"])
async def test_pictures_pause_and_come_back_and_events_go_on(small_disk: Path, leave: int) -> None:
    big = (1280, 720)  # noise: more than 1 MB
    async with opened(small_disk) as (store, _):
        await store.save(frame(size=big), event(1))
        await written(store)
        fill(small_disk, leave)
        for number in range(2, 6):
            await store.save(frame(size=big), event(number))
            await written(store)
        paused = store.state
        assert (paused.snapshots, paused.left_out) == ("paused", 4)
        assert paused.reason is not None
        assert str(small_disk) in paused.reason
        assert len(paused.reason.splitlines()) == 1
        assert len(await everything(store)) == 5

        (small_disk / BALLAST).unlink()
        later = MORNING + timedelta(seconds=5)
        await store.save(frame(later, big), event(2, "update"))
        await written(store)
        assert (store.state.snapshots, store.state.reason) == ("writing", None)
        found = await everything(store)
    assert [each.track for each in found if each.snapshot] == [2, 1]
    assert files(small_disk) == expected_files(found)


async def test_a_picture_that_does_not_fit_leaves_the_better_than_nothing_one(small_disk: Path) -> None:
    async with opened(small_disk) as (store, _):
        await store.save(frame(size=(64, 48)), event(1))
        await written(store)
        (before,) = await everything(store)
        fill(small_disk, 500_000)
        await store.save(frame(size=(1280, 720)), event(1, "update"))
        await written(store)
        assert await everything(store) == [replace(before, size=(1280, 720))]
    assert files(small_disk) == expected_files([before])


async def test_events_wait_while_not_even_a_row_fits(small_disk: Path) -> None:
    async with opened(small_disk) as (store, _):
        fill(small_disk, 0)
        moments = [MORNING + timedelta(seconds=number) for number in range(3)]
        troubles = [CameraEvent("yard", "down", "no answer", moment) for moment in moments]
        for each in troubles:
            store.trouble(each)
        for number in range(300):
            with anyio.fail_after(60):  # detection is never held up
                await store.save(frame(), event(number))
        with anyio.fail_after(60):
            while store.state.snapshots != "paused":
                await anyio.sleep(0.01)
        assert store.state.waiting_events == 300
        (small_disk / BALLAST).unlink()
        await written(store)
        assert len(await everything(store)) == 300
        with anyio.fail_after(60):
            while len(found := await store.troubles("yard")) < 3:
                await anyio.sleep(0.01)
        assert list(found) == troubles[::-1]


async def test_a_disk_full_from_the_start_is_one_line(small_disk: Path) -> None:
    fill(small_disk, 0)
    with pytest.raises(ExceptionGroup) as caught:
        async with opened(small_disk / "data"):
            pytest.fail("the store opened")
    (error,) = caught.value.exceptions
    assert isinstance(error, SinkUnavailable)
    assert str(small_disk) in str(error)
    assert len(str(error).splitlines()) == 1
