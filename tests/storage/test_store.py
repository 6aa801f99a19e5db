"""Events and pictures in, pages out; what is wrong is one line."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeping import MORNING, event, everything, expected_files, files, frame, opened, written
from prometheus_client import CollectorRegistry

from streamer.config.tree import StorageConfig
from streamer.errors import SinkUnavailable
from streamer.event import Ruling
from streamer.storage.cursor import Cursor
from streamer.storage.series import StoreSeries
from streamer.storage.snapshots import Snapshot
from streamer.storage.store import WAITING_PICTURES, EventStore

pytestmark = pytest.mark.anyio


async def test_an_event_is_kept_with_its_pictures(tmp_path: Path) -> None:
    shot = frame()
    async with opened(tmp_path) as (store, _):
        await store.save(shot, event(1))
        await store.save(None, event(1, "end"))
    async with opened(tmp_path) as (store, recovered):
        (kept,) = await everything(store)
    assert recovered == ()
    assert (kept.id, kept.camera, kept.label, kept.track) == ("e000001", "yard", "person", 1)
    assert kept.box == (10.4, 20.6, 110.5, 220.5)
    assert (kept.started_at, kept.ended_at) == (MORNING, MORNING + timedelta(seconds=9))
    assert kept.snapshot == "snapshots/yard/2026-03-01/e000001"
    assert kept.bytes == sum((tmp_path / name).stat().st_size for name in files(tmp_path))
    assert cv2.imread(str(tmp_path / f"{kept.snapshot}.jpg")).shape == shot.image.shape
    assert cv2.imread(str(tmp_path / f"{kept.snapshot}.crop.jpg")).shape == (200, 100, 3)


async def test_the_sidecar_says_what_the_pictures_show(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        await store.save(frame(), event(1))
    text = (tmp_path / "snapshots/yard/2026-03-01/e000001.json").read_text()
    assert json.loads(text)["schema"] == "sightline.snapshot/1"
    sidecar = Snapshot.model_validate_json(text)
    assert (sidecar.event, sidecar.camera, sidecar.captured_at) == ("e000001", "yard", MORNING)
    assert (sidecar.width, sidecar.height, sidecar.crop) == (320, 240, (10, 20, 110, 220))
    assert (sidecar.model_label, sidecar.human_label) == ("person", None)
    assert sidecar.zones == ("porch",)
    assert sidecar.rules == (Ruling("threshold", True, 0.7, 0.5),)


@pytest.mark.parametrize(
    "box", [(-50.0, -9.0, 500.0, 900.0), (400.0, 300.0, 500.0, 400.0), (5.0, 5.0, 5.0, 5.0)]
)
async def test_a_box_beyond_the_frame_still_gives_a_crop(tmp_path: Path, box: tuple[float, ...]) -> None:
    async with opened(tmp_path) as (store, _):
        await store.save(frame(), replace(event(1), box=box))
        assert store.state.left_out == 0
    assert len(files(tmp_path)) == 3


async def test_of_several_pictures_at_once_the_last_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        for seed in range(5):
            await store.save(frame(MORNING + timedelta(seconds=seed), seed=seed), event(1, "update"))
        assert store.state.waiting_pictures == 1
        assert store.state.replaced == 4
    sidecar = (tmp_path / "snapshots/yard/2026-03-01/e000001.json").read_text()
    assert Snapshot.model_validate_json(sidecar).captured_at == MORNING + timedelta(seconds=4)


async def test_save_waits_while_too_many_pictures_wait_and_loses_none(tmp_path: Path) -> None:
    most = 0
    async with opened(tmp_path) as (store, _):
        for number in range(6 * WAITING_PICTURES):
            await store.save(frame(), event(number))
            most = max(most, store.state.waiting_pictures)
        await written(store)
        found = await everything(store)
    assert most == 2 * WAITING_PICTURES  # as many wait as are being written
    assert files(tmp_path) == expected_files(found)


async def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        for number in range(5):
            await store.save(frame(), event(number, "end"))
    async with opened(tmp_path) as (store, _):
        assert len(await everything(store)) == 5


async def test_a_person_s_picture_is_never_replaced(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        await store.save(frame(), event(1))
        await written(store)
        assert await store.label("e000001", "courier")
        await store.save(frame(MORNING + timedelta(seconds=5)), event(1, "update"))
        assert not await store.label("no-such-event", "courier")
    sidecar = (tmp_path / "snapshots/yard/2026-03-01/e000001.json").read_text()
    kept = Snapshot.model_validate_json(sidecar)
    assert (kept.captured_at, kept.human_label) == (MORNING, "courier")


async def test_pages_go_from_the_newest_to_the_oldest(tmp_path: Path) -> None:
    numbers = [3, 1, 4, 0, 2, 9, 7, 5, 6, 8, 11, 10]
    async with opened(tmp_path) as (store, _):
        for number in numbers:
            at = MORNING + timedelta(seconds=number // 2)  # pairs that began at the same moment
            camera, label = ("yard", "gate")[number % 2], ("person", "car")[number % 3 == 0]
            await store.save(None, event(number, "end", at, camera, label))
        await written(store)
        found = await everything(store)
        assert [each.track for each in found] == sorted(numbers, reverse=True)
        gate = await store.events(camera="gate", limit=4)
        assert [each.track for each in gate.items] == [11, 9, 7, 5]
        assert gate.next is not None
        rest = await store.events(camera="gate", limit=4, cursor=gate.next)
        assert ([each.track for each in rest.items], rest.next) == ([3, 1], None)
        cars = await store.events(camera="gate", label="car")
        assert [each.track for each in cars.items] == [9, 3]


@given(
    st.datetimes(
        min_value=MORNING.replace(tzinfo=None).replace(year=1971), max_value=MORNING.replace(tzinfo=None)
    ),
    st.text(st.characters(codec="ascii"), min_size=1, max_size=40),
)
def test_a_cursor_comes_back_as_it_was(at: object, each: str) -> None:
    cursor = Cursor(at.replace(tzinfo=MORNING.tzinfo), each)  # type: ignore[attr-defined]
    text = cursor.encode()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert Cursor.decode(text) == cursor


@given(st.one_of(st.text(max_size=60), st.text("AZaz09_-", max_size=60)))
def test_a_made_up_cursor_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="expected a cursor from an earlier page, received ") as caught:
        Cursor.decode(text)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("limit", [0, -1, 10**9])
async def test_a_limit_out_of_bounds_is_one_line(tmp_path: Path, limit: int) -> None:
    async with opened(tmp_path) as (store, _):
        with pytest.raises(ValueError, match=f"expected a limit from 1 to 1000, received {limit}"):
            await store.events(limit=limit)


async def fails_to_open(data: Path) -> str:
    with pytest.raises(ExceptionGroup) as caught:
        async with opened(data):
            pytest.fail("the store opened")
    (error,) = caught.value.exceptions
    assert isinstance(error, SinkUnavailable)
    assert len(str(error).splitlines()) == 1
    return str(error)


async def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert await fails_to_open(tmp_path / "file" / "data") == f"{tmp_path}/file/data: Not a directory"
    assert str(await fails_to_open(Path("/proc/sightline"))).startswith("/proc/sightline: ")


async def test_a_damaged_index_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_bytes(b"no database at all" * 100)
    assert await fails_to_open(tmp_path) == f"event index {tmp_path}/events.db: file is not a database"


async def test_a_folder_in_use_is_one_line_and_opens_later(tmp_path: Path) -> None:
    async with opened(tmp_path):
        assert await fails_to_open(tmp_path) == f"{tmp_path}: is in use by another process"
    async with opened(tmp_path) as (store, _):
        assert await everything(store) == []


async def test_an_index_elsewhere(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "data", StorageConfig(), url=f"sqlite:///{tmp_path / 'elsewhere.db'}")
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        tasks.cancel_scope.cancel()
    assert (tmp_path / "elsewhere.db").exists()


def test_the_state_of_the_store_is_in_the_metrics(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(StoreSeries(EventStore(tmp_path, StorageConfig())))
    assert registry.get_sample_value("sightline_snapshots_paused") == 0
    assert registry.get_sample_value("sightline_store_waiting", {"kind": "events"}) == 0
    assert registry.get_sample_value("sightline_snapshots_left_out_total") == 0


async def test_a_label_that_changed_is_written_beside_the_pictures_that_there_are(tmp_path: Path) -> None:
    later = replace(event(1, "update", label="truck"), pictured=False)
    async with opened(tmp_path) as (store, _):
        await store.save(frame(), event(1, label="car"))
        await written(store)
        before = (tmp_path / f"{later.snapshot}.jpg").read_bytes()
        await store.save(frame(seed=1), later)
    async with opened(tmp_path) as (store, _):
        (kept,) = await everything(store)
    sidecar = Snapshot.model_validate_json((tmp_path / f"{kept.snapshot}.json").read_bytes())
    assert (kept.label, sidecar.model_label) == ("truck", "truck")
    assert (tmp_path / f"{kept.snapshot}.jpg").read_bytes() == before
    assert kept.bytes == sum((tmp_path / name).stat().st_size for name in files(tmp_path))


async def test_a_label_that_changed_before_the_picture_was_written_is_written_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        await store.save(frame(), event(1, label="car"))
        await store.save(None, event(1, "end", label="truck"))
        await written(store)
        (kept,) = await everything(store)
    sidecar = Snapshot.model_validate_json((tmp_path / f"{kept.snapshot}.json").read_bytes())
    assert (kept.label, sidecar.model_label) == ("truck", "truck")
