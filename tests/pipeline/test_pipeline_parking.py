"""What is parked outlives the process, not the recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import anyio
import pytest
from test_pipeline import START, Collected, Scripted, TwoObjects

from streamer.batching.batcher import Batcher
from streamer.config.scene import ZoneConfig
from streamer.config.tree import CameraConfig, DetectConfig, DetectorConfig, StationaryConfig, TrackerConfig
from streamer.event import Counts, Event, Parked, ZoneEvent
from streamer.judge import Judge
from streamer.metrics.metrics import Metrics
from streamer.parking import NOTHING, Known, Parking
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker

pytestmark = pytest.mark.anyio

STATIONARY = StationaryConfig(after=1, keep=60)
EVERYWHERE = ZoneConfig(polygon=((0, 0), (1, 0), (1, 1), (0, 1)), inertia=0.2, loiter=1.5)
CAMERA = CameraConfig(source="x", zones={"yard": EVERYWHERE})


class Keeper:
    """A store that remembers what it was told last."""

    def __init__(self) -> None:
        self.parked: tuple[Parked, ...] = ()
        self.history: list[tuple[Parked, ...]] = []

    def park(self, camera: str, parked: Sequence[Parked]) -> None:
        assert camera == "gate"
        self.parked = tuple(parked)
        self.history.append(self.parked)


async def played(source: Scripted, known: Known = NOTHING, *, stop: bool = False) -> tuple[Collected, Keeper]:
    """One process; with ``stop`` it is stopped once the source has nothing more, before it falls silent."""
    metrics, collected, keeper = Metrics(Status([])), Collected(), Keeper()
    batcher = Batcher("default", TwoObjects(), DetectorConfig(), metrics)
    tracker, rules = Tracker(TrackerConfig(), STATIONARY), Judge("gate", CAMERA)
    parking = Parking(tracker, rules, keeper, known)
    stages = Stages(batcher, tracker, rules, collected, metrics, parking)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await tasks.start(batcher.run)
            tasks.start_soon(Pipeline(source, DetectConfig(), stages).run)
            await (source.stalled.wait() if stop else collected.ended.wait())
            tasks.cancel_scope.cancel()
    return collected, keeper


async def test_a_recording_that_ends_ends_what_is_parked_in_it() -> None:
    collected, _ = await played(Scripted([1] * 20))
    assert [event.phase for event in collected.events] == ["start", "end"]
    assert collected.events[-1].stationary


async def test_a_service_that_stops_leaves_what_is_parked_to_the_next() -> None:
    before, keeper = await played(Scripted([1] * 20, silent_after=True), stop=True)
    assert [event.phase for event in before.events] == ["start"]
    (parked,) = keeper.parked
    assert parked.event.id == before.events[0].id
    assert parked.place == pytest.approx((0.1, 0.125, 0.3, 0.75))
    assert len(keeper.history) <= 3
    after, keeper = await played(Scripted([1] * 20, silent_after=True), Known((parked,), 60.0), stop=True)
    assert after.events == []
    assert [each.event.id for each in keeper.parked] == [parked.event.id]


def changes(collected: Collected) -> list[str]:
    return [each.change for each in collected.told if isinstance(each, ZoneEvent)]


async def test_what_is_parked_in_a_zone_neither_leaves_nor_enters_again() -> None:
    before, keeper = await played(Scripted([1] * 20, silent_after=True), stop=True)
    assert changes(before) == ["entered", "loitering"]
    (stay,) = keeper.parked[0].stays
    assert (stay.zone, stay.since, stay.loitered) == ("yard", START + timedelta(seconds=0.1), True)
    assert stay.seconds == pytest.approx(1.8)
    assert isinstance(before.told[-1], Counts)
    assert [each.occupancy for each in before.told[-1].zones] == [1]
    after, keeper = await played(Scripted([1] * 20, silent_after=True), Known(keeper.parked, 60.0), stop=True)
    assert changes(after) == []
    assert keeper.parked[0].stays[0].seconds >= 1.8
    ended, _ = await played(Scripted([1] * 20), Known(keeper.parked, 60.0))
    assert changes(ended) == ["left"]
    assert [type(each) for each in ended.told] == [ZoneEvent, Event, Counts]


async def test_loitering_is_known_to_the_next_process_at_once() -> None:
    """Parked after a second, loitering after one and a half: a kill then must not let it be told again."""
    _, keeper = await played(Scripted([1] * 25, silent_after=True), stop=True)
    assert keeper.history[0][0].stays[0].loitered is False
    assert keeper.history[1][0].stays[0].loitered is True
    assert keeper.history[1][0].seen_at == START + timedelta(seconds=1.6)


async def test_what_is_parked_before_a_camera_that_never_comes_ends() -> None:
    _, keeper = await played(Scripted([1] * 20, silent_after=True), stop=True)
    nothing, _ = await played(Scripted([], silent_after=True), Known(keeper.parked, 60.0))
    (end,) = nothing.events
    (left,) = (each for each in nothing.told if isinstance(each, ZoneEvent))
    assert (left.change, left.at, left.event) == ("left", end.ended_at, end.id)
    assert nothing.told.index(left) < nothing.told.index(end)
    assert (end.phase, end.id) == ("end", keeper.parked[0].event.id)
    assert end.ended_at == START + timedelta(seconds=1.9)
