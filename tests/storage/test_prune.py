"""Old events go by days, pictures by bytes; what a person labelled stays."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keeping import event, everything, expected_files, files, frame, opened, written

from streamer.config.tree import StorageConfig
from streamer.storage.store import EventStore

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Past:
    """An event of the past, as hypothesis makes it up."""

    days: int
    size: int
    human_label: bool
    ended: bool


PASTS = st.lists(
    st.builds(Past, st.integers(0, 9), st.integers(2, 60), st.booleans(), st.booleans()),
    min_size=1,
    max_size=9,
)


async def fill(store: EventStore, pasts: list[Past]) -> None:
    now = datetime.now(UTC)
    for number, past in enumerate(pasts):
        at = now - timedelta(days=past.days, hours=1)
        await store.save(frame(at, (4 * past.size, 3 * past.size), number), event(number, "start", at))
        await written(store)
        if past.ended:
            await store.save(None, event(number, "end", at))
    await written(store)
    for number, past in enumerate(pasts):
        if past.human_label:
            assert await store.label(event(number).id, "courier")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pasts=PASTS, days=st.integers(1, 9), share=st.floats(0, 1.2))
def test_rows_and_files_agree_after_any_pruning(
    tmp_path_factory: pytest.TempPathFactory, pasts: list[Past], days: int, share: float
) -> None:
    anyio.run(prune_and_compare, tmp_path_factory.mktemp("data"), pasts, days, share)


async def prune_and_compare(data: Path, pasts: list[Past], days: int, share: float) -> None:
    async with opened(data) as (store, _):
        await fill(store, pasts)
        before = await everything(store)
        limit = int(share * sum(each.bytes for each in before))
        await store.prune(days, limit)
        after = await everything(store)
    assert files(data) == expected_files(after)
    assert sum(each.bytes for each in after) == sum((data / name).stat().st_size for name in files(data))
    by_id = {each.id: each for each in after}
    young = datetime.now(UTC) - timedelta(days=days)
    gone_by_size = []
    for each in before:
        if each.human_label is not None or each.ended_at is None:
            assert by_id[each.id] == each
        elif each.started_at < young:
            assert each.id not in by_id
        elif by_id[each.id].snapshot is None:
            gone_by_size.append(each)
    free = [
        each for each in after if each.human_label is None and each.ended_at is not None and each.snapshot
    ]
    assert sum(each.bytes for each in after) <= limit or not free
    assert all(gone.started_at <= kept.started_at for gone in gone_by_size for kept in free)


async def test_many_are_pruned_in_steps(tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    async with opened(tmp_path) as (store, _):
        for number in range(450):
            await store.save(None, event(number, "end", at + timedelta(minutes=number)))
        await written(store)
        await store.prune(3 - 199.5 / 1440, 10**9)
        assert [each.track for each in await everything(store)] == list(range(449, 199, -1))


async def test_a_label_written_into_the_sidecar_by_hand_keeps_the_picture(tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    async with opened(tmp_path) as (store, _):
        await store.save(frame(at), event(1, "start", at))
    (sidecar,) = tmp_path.glob("snapshots/yard/*/*.json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"human_label": "courier"}))
    async with opened(tmp_path) as (store, _):
        await store.prune(1, 1)
        (kept,) = await everything(store)
    assert kept.human_label == "courier"
    assert files(tmp_path) == expected_files([kept])
    assert len(files(tmp_path)) == 3


async def test_the_folder_of_a_day_goes_with_its_last_picture(tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    async with opened(tmp_path) as (store, _):
        await store.save(frame(at), event(1, "start", at))
    async with opened(tmp_path) as (store, _):
        await store.prune(1, 10**9)
    assert list((tmp_path / "snapshots/yard").iterdir()) == []


async def test_the_store_prunes_by_itself(tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    async with opened(tmp_path) as (store, _):
        await store.save(frame(at), event(1, "end", at))
    async with opened(tmp_path, StorageConfig(days=2)) as (store, _):
        with anyio.fail_after(60):
            while await everything(store):
                await anyio.sleep(0.01)
