"""A process is killed; the next one goes on with the events of what is parked, and ends the others."""

import random
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import anyio
import pytest
from scenes import BEGIN

from streamer.config.tree import StorageConfig
from streamer.storage.records import Recovered, StoredEvent
from streamer.storage.store import EventStore

CHILD = Path(__file__).parent / "parking_camera.py"
STARTING_S = 60
NOTHING: Mapping[str, datetime] = MappingProxyType({})


def watched(data: Path, began_s: float, seconds: float, kill_after_s: float | None = None) -> list[list[str]]:
    """What the child said until it was killed: when it was ready, or so long after it began to watch."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(data), str(began_s), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{CHILD.parent}:{CHILD.parent.parent.parent}"},
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().split()]
        if kill_after_s is not None:
            time.sleep(kill_after_s)  # the moment of death is what is tried out
        else:
            while said[-1] != ["ready"]:
                said.append(child.stdout.readline().split())
                assert said[-1] != []
        child.kill()
        assert child.wait(STARTING_S) == -9
    assert said[0][:1] == ["recovered"]
    return said


def opened(
    data: Path, cameras: tuple[str, ...] = ("yard",), told: Mapping[str, datetime] = NOTHING
) -> tuple[Recovered, list[StoredEvent]]:
    """What the store recovers where others were told of these ends, and all its events."""

    async def look() -> tuple[Recovered, list[StoredEvent]]:
        store = EventStore(data, StorageConfig(days=100_000), cameras=cameras)
        async with anyio.create_task_group() as tasks:
            recovered = await store.agree(await tasks.start(store.run), told)
            page = await store.events(limit=1000)
            tasks.cancel_scope.cancel()
        return recovered, list(page.items)

    return anyio.run(look)


def test_a_killed_process_s_parked_car_goes_on_in_the_next(tmp_path: Path) -> None:
    first = watched(tmp_path, 0.0, 20.0)
    ((car, *_),) = [line for line in first if line[1:3] == ["car", "start"]]
    second = watched(tmp_path, 320.0, 12.0)
    assert second[0] == ["recovered", car]
    assert not [line for line in second if line[1:2] == ["car"]]
    third = watched(tmp_path, 320.0 + 12.0 + 590.0, 12.0)
    assert not [line for line in third if line[1:2] == ["car"]]
    fourth = watched(tmp_path, 2000.0, 20.0)
    assert [car, "car", "end", "1"] in fourth
    assert [line[2] for line in fourth if line[1:2] == ["car"]] == ["end", "start"]
    _, events = opened(tmp_path)
    ended = {each.id: each for each in events}[car]
    assert ended.ended_at == BEGIN + timedelta(seconds=320 + 12 + 590 + 11.8)


def test_an_end_that_others_were_told_before_the_kill_is_the_end(tmp_path: Path) -> None:
    said = watched(tmp_path, 0.0, 20.0)
    ((car, *_),) = [line for line in said if line[1:3] == ["car", "start"]]
    ended_at = BEGIN + timedelta(seconds=21)
    recovered, events = opened(tmp_path, told={car: ended_at, "another": ended_at})
    assert recovered.parked == {"yard": ()}
    assert {each.id: each.ended_at for each in recovered.ended}[car] == ended_at
    assert {each.id: each.ended_at for each in events}[car] == ended_at


def test_cameras_that_are_gone_have_nothing_parked(tmp_path: Path) -> None:
    watched(tmp_path, 0.0, 20.0)
    recovered, events = opened(tmp_path, cameras=("gate",))
    assert recovered.parked == {}
    assert all(each.ended_at is not None for each in events)
    assert opened(tmp_path)[0].parked == {}


@pytest.mark.timeout(240)
def test_killed_at_any_moment_each_event_goes_on_or_is_over(tmp_path: Path) -> None:
    moments, longest_s, went_on = random.Random(2), 0.3, 0
    for turn in range(4):
        watched(tmp_path, 100.0 * turn, 90.0, kill_after_s=moments.uniform(0.0, longest_s))
        recovered, events = opened(tmp_path)
        parked = [each.event.id for each in recovered.parked.get("yard", ())]
        assert [each.id for each in events if each.ended_at is None] == sorted(parked, reverse=True)
        assert len(parked) <= 1
        went_on += len(parked)
        # Where the machine is busy, it takes longer before anything is parked.
        longest_s *= 1 if went_on else 3
    assert went_on
