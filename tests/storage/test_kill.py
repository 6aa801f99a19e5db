"""The process is killed at any moment; the store opens again and tells the truth."""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from keeping import FOREVER, MORNING, everything, expected_files, files, opened

from streamer.storage.records import Recovered, StoredEvent
from streamer.storage.snapshots import Snapshot
from streamer.storage.store import EventStore

KILLED = Path(__file__).parent / "killed.py"
STARTING_S = 30


def killed(data: Path, first: int, after_s: float) -> list[str]:
    """Run the child, kill it so long after it began to keep events, and return what it had recovered."""
    with subprocess.Popen(
        [sys.executable, str(KILLED), str(data), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{KILLED.parent}:{KILLED.parent.parent.parent}"},
    ) as child:
        assert child.stdout is not None
        recovered = child.stdout.readline().split()
        time.sleep(after_s)  # the moment of death is what is tried out
        child.kill()
        assert child.wait(STARTING_S) == -9
    assert recovered[:1] == ["recovered"]
    return recovered[1:]


def check(data: Path, seen: dict[str, StoredEvent]) -> tuple[StoredEvent, ...]:
    """Compare rows with files and with what was seen before; return what this opening ended."""

    async def look() -> tuple[list[StoredEvent], tuple[StoredEvent, ...]]:
        async with opened(data) as (store, recovered):
            return await everything(store), recovered

    found, recovered = anyio.run(look)
    assert files(data) == expected_files(found)
    for each in found:
        assert each.ended_at is not None
        assert each.ended_at >= each.started_at
        if each.snapshot is not None:
            sidecar = Snapshot.model_validate_json((data / f"{each.snapshot}.json").read_bytes())
            assert sidecar.event == each.id
            assert each.bytes == sum((data / name).stat().st_size for name in expected_files([each]))
    by_id = {each.id: each for each in found}
    for each in seen.values():  # an end is never given twice, nor changed
        assert by_id[each.id].ended_at == each.ended_at
    assert all(each.id not in seen for each in recovered)
    seen.update(by_id)
    return recovered


def repeat(data: Path, times: int, seed: int) -> int:
    """Kill so often; return how many events a crash had left open."""
    seen: dict[str, StoredEvent] = {}
    moments = random.Random(seed)
    left_open = 0
    for turn in range(times):
        already_ended = killed(data, turn * 100_000, moments.uniform(0.0, 0.4))
        assert already_ended == []
        left_open += len(check(data, seen))
    return left_open


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_any_moment(tmp_path: Path) -> None:
    assert repeat(tmp_path, 60 if "SIGHTLINE_SOAK" in os.environ else 4, seed=1) > 0


def test_an_event_that_others_were_told_has_ended_ends_as_they_were_told(tmp_path: Path) -> None:
    killed(tmp_path, 0, 0.3)
    later = MORNING + timedelta(days=1)

    async def agreed() -> tuple[Recovered, Recovered, list[StoredEvent]]:
        store = EventStore(tmp_path, FOREVER)
        async with anyio.create_task_group() as tasks:
            found = await tasks.start(store.run)
            told = {each.id: later for each in found.ended[::2]}
            agreed, events = await store.agree(found, told), await everything(store)
            tasks.cancel_scope.cancel()
        return found, agreed, events

    found, agreed, events = anyio.run(agreed)
    ends = [later if number % 2 == 0 else each.ended_at for number, each in enumerate(found.ended)]
    assert later in ends
    assert [each.ended_at for each in agreed.ended] == ends
    kept = {each.id: each.ended_at for each in events}
    assert [kept[each.id] for each in found.ended] == ends


def test_the_next_start_ends_what_a_crash_left_open(tmp_path: Path) -> None:
    killed(tmp_path, 0, 0.3)
    again = killed(tmp_path, 100_000, 0.0)
    assert again
    seen: dict[str, StoredEvent] = {}
    assert all(each.id not in again for each in check(tmp_path, seen))
    assert set(again) <= set(seen)
