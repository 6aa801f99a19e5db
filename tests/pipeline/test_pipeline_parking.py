"""What is parked outlives the process, not the recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import anyio
import pytest
from test_pipeline import START, Collected, Scripted, TwoObjects

from streamer.batching.batcher import Batcher
from streamer.config import CameraConfig, DetectConfig, DetectorConfig, StationaryConfig, TrackerConfig
from streamer.event import Parked
from streamer.judge import Judge
from streamer.metrics.metrics import Metrics
from streamer.parking import NOTHING, Known, Parking
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker

pytestmark = pytest.mark.anyio

STATIONARY = StationaryConfig(after=1, keep=60)


class Keeper:
    """A store that remembers what it was told last."""

    def __init__(self) -> None:
        self.parked: tuple[Parked, ...] = ()
        self.told = 0

    def park(self, camera: str, parked: Sequence[Parked]) -> None:
        assert camera == "gate"
        self.parked, self.told = tuple(parked), self.told + 1


async def played(source: Scripted, known: Known = NOTHING, *, stop: bool = False) -> tuple[Collected, Keeper]:
    """One process; with ``stop`` it is stopped once the source has nothing more, before it falls silent."""
    metrics, collected, keeper = Metrics(Status([])), Collected(), Keeper()
    batcher = Batcher("default", TwoObjects(), DetectorConfig(), metrics)
    tracker, rules = Tracker(TrackerConfig(), STATIONARY), Judge("gate", CameraConfig(source="x"))
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
    assert keeper.told <= 3
    after, keeper = await played(Scripted([1] * 20, silent_after=True), Known((parked,), 60.0), stop=True)
    assert after.events == []
    assert [each.event.id for each in keeper.parked] == [parked.event.id]


async def test_what_is_parked_before_a_camera_that_never_comes_ends() -> None:
    _, keeper = await played(Scripted([1] * 20, silent_after=True), stop=True)
    nothing, _ = await played(Scripted([], silent_after=True), Known(keeper.parked, 60.0))
    (end,) = nothing.events
    assert (end.phase, end.id) == ("end", keeper.parked[0].event.id)
    assert end.ended_at == START + timedelta(seconds=1.9)
