"""Pictures that are collected to be labelled: which, how many, as which files, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeping import FOREVER, MORNING, event, files, opened
from supervision import Detections

from detectors.detections import CLASS_NAME
from detectors.pixels import BgrPixels
from streamer.config.collect import CollectConfig
from streamer.config.tree import StorageConfig
from streamer.frame import Frame
from streamer.storage.budget import Budget
from streamer.storage.collecting import Collector
from streamer.storage.impressions import Impressions, Suggestion
from streamer.storage.index import EventIndex
from streamer.storage.picking import NEAR, Pick, Picking
from streamer.storage.samples import SampleQuery
from streamer.tracking.tracks import Tracks

pytestmark = pytest.mark.anyio
NEVER, ALWAYS = (lambda: 1.0), (lambda: 0.0)


def frame(seed: int = 0, at: datetime | None = None) -> Frame:
    """Large squares of chance, so that each seed looks different."""
    squares = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    image = np.ascontiguousarray(np.kron(squares, np.ones((20, 20, 1), np.uint8)))
    return Frame("yard", seed, 0, at or datetime.now(UTC), 0.0, BgrPixels(image))


def tracks(time_s: float, *found: tuple[int, float]) -> Tracks:
    """Objects by track and confidence, one beside the other."""
    if not found:
        return Tracks(time_s, Detections.empty(), ())
    boxes = [[40 * place, 0, 40 * place + 160, 240] for place in range(len(found))]
    detections = Detections(
        xyxy=np.array(boxes, np.float32),
        confidence=np.array([confidence for _, confidence in found], np.float32),
        tracker_id=np.array([track for track, _ in found]),
        data={CLASS_NAME: np.array(["person"] * len(found))},
    )
    return Tracks(time_s, detections, ())


def picked(config: CollectConfig, steps: list[tuple[Tracks, list[Any]]], chance: Any = NEVER) -> list[Pick]:
    picking = Picking(config, chance)
    return [pick for each, happened in steps for pick in picking.choose(frame(), each, happened, 0.5)]


def test_an_event_is_looked_at_again_after_ever_longer_pauses():
    start = event(1)
    steps = [(tracks(0.1 * step, (1, 0.9)), [start] if step == 0 else []) for step in range(200)]
    found = picked(CollectConfig(), steps)
    assert {(each.kind, each.event) for each in found} == {("diverse", start.id)}
    assert 5 <= len(found) <= 8
    assert picked(CollectConfig(per_event=0), steps) == []
    ended = [(steps[0][0], [start]), (tracks(0.5), [event(1, "end")]), (tracks(1.0, (1, 0.9)), [])]
    assert picked(CollectConfig(), ended) == []


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=6), st.floats(0.1, 0.9))
def test_what_is_near_the_threshold_is_what_differs_least(confidences: list[float], least: float):
    found = tracks(100.0, *((-1, each) for each in confidences))
    picks = Picking(CollectConfig(), NEVER).choose(frame(), found, [], least)
    distances = [abs(float(np.float32(each)) - least) for each in confidences]
    if min(distances) > NEAR:
        assert picks == []
    else:
        assert [each.kind for each in picks] == ["near"]
        assert abs(picks[0].confidence - least) == min(distances)
    assert Picking(CollectConfig(near_threshold=False), NEVER).choose(frame(), found, [], least) == []


def test_near_ones_come_seldom_and_none_of_an_event():
    steps = [(tracks(step / 10, (1, 0.45)), []) for step in range(250)]
    assert len(picked(CollectConfig(), steps)) == 3
    steps[0] = (steps[0][0], [event(1)])
    assert {each.kind for each in picked(CollectConfig(), steps)} == {"diverse"}


def test_only_frames_without_any_object_are_taken_at_random():
    config = CollectConfig(near_threshold=False)
    assert [each.label for each in picked(config, [(tracks(0.0), [])], ALWAYS)] == ["none"]
    assert [each.kind for each in picked(config, [(tracks(0.0, (-1, 0.2)), [])], ALWAYS)] == ["random"]
    assert picked(config, [(tracks(0.0, (1, 0.9)), [])], ALWAYS) == []
    assert picked(config, [(tracks(0.0), [])], NEVER) == []


def spent(budget: Budget, begin: datetime, minutes: int, every: int = 1) -> list[datetime]:
    """When pictures are taken by who wants one every so many minutes."""
    moments = []
    for minute in range(0, minutes, every):
        now = begin + timedelta(minutes=minute)
        if budget.needs(now):
            budget.begin(now, 0, 0)
        if budget.allows(now):
            budget.spend()
            moments.append(now)
    return moments


def test_a_budget_is_spread_over_the_day():
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    budget = Budget(200)
    moments = spent(budget, midnight, 2 * 24 * 60)
    first = [each for each in moments if each < midnight + timedelta(days=1)]
    by_hour = np.bincount([each.hour for each in first], minlength=24)
    # A quarter at once, then as many an hour as make the day full.
    assert 199 <= len(first) <= 200
    assert 50 <= by_hour[0] <= 57
    assert set(by_hour[1:]) <= {6, 7}
    second = np.bincount([each.hour for each in moments[len(first) :]], minlength=24)
    assert set(second) <= {6, 7}


def test_what_was_not_taken_may_be_taken_at_once_later():
    budget = Budget(200)
    assert len(spent(budget, MORNING, 60)) == 56
    assert len(spent(budget, MORNING + timedelta(hours=9), 60)) == 56


@given(st.integers(1, 400), st.lists(st.integers(0, 40_000), max_size=300))
def test_no_day_has_more_pictures_than_it_may(most: int, pauses_s: list[int]):
    budget, now = Budget(most), MORNING
    taken: dict[int, int] = {}
    for pause in pauses_s:
        now += timedelta(seconds=pause)
        if budget.needs(now):
            budget.begin(now, 0, 0)
        if budget.allows(now):
            budget.spend()
            taken[now.toordinal()] = taken.get(now.toordinal(), 0) + 1
    assert all(number <= most for number in taken.values())


def test_a_restart_gives_nothing_away():
    budget, midnight = Budget(200), MORNING.replace(hour=0)
    assert budget.refill == timedelta(hours=8)
    assert budget.needs(MORNING) == midnight
    budget.begin(MORNING, 60, 50)
    assert budget.needs(MORNING) is None
    assert not budget.allows(MORNING)
    assert budget.allows(MORNING + timedelta(minutes=10))
    full = Budget(4)
    full.begin(MORNING, 4, 0)
    assert not full.allows(MORNING)


def test_a_clock_that_is_set_back_stops_nothing():
    budget = Budget(200)
    assert len(spent(budget, MORNING, 60)) == 56
    earlier = MORNING - timedelta(days=30)
    assert 12 <= len(spent(budget, earlier, 120)) <= 13


async def collected(store: Any, config: CollectConfig, seeds: Iterator[int] | list[int]) -> Collector:
    """One object seen with each of these looks, an hour apart, until all is written."""
    collector = Collector("yard", config, store.samples)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collector.run)
        collector.look(frame(), tracks(0.0, (1, 0.9)), [event(1)], 0.5)
        for step, seed in enumerate(seeds):
            collector.look(frame(seed), tracks(3600.0 * (step + 1), (1, 0.9)), [], 0.5)
            while collector.waiting:
                await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    return collector


async def test_an_event_has_so_many_that_look_different(tmp_path: Path):
    async with opened(tmp_path) as (store, _):
        await collected(store, CollectConfig(per_event=3), [1, 1, 1, 2, 3, 4, 5])
        page = await store.samples.choose(SampleQuery(kind="diverse"))
        assert (len(page.items), {each.event for each in page.items}) == (3, {event(1).id})
    first = min(files(tmp_path))
    assert first.startswith("snapshots/yard/")
    sidecar = json.loads(
        (tmp_path / next(each for each in files(tmp_path) if each.endswith(".json"))).read_text()
    )
    assert (sidecar["kind"], sidecar["event"], sidecar["human_label"]) == ("diverse", event(1).id, None)
    assert (sidecar["model_label"], sidecar["crop"]) == ("person", [0, 0, 160, 240])


async def test_a_day_has_so_many_also_over_a_restart(tmp_path: Path):
    config = CollectConfig(per_event=100, max_per_day=4)
    for seeds in ([1, 2, 3], [4, 5, 6]):
        async with opened(tmp_path) as (store, _):
            await collected(store, config, seeds)
            number = (await store.samples.choose(SampleQuery())).total
    assert number == 4


async def test_retention_counts_samples_and_spares_labelled_ones(tmp_path: Path):
    async with opened(tmp_path, FOREVER) as (store, _):
        await collected(store, CollectConfig(per_event=9), [1, 2, 3, 4, 5])
        items = (await store.samples.choose(SampleQuery())).items
        assert len(items) == 5
        await store.samples.label([(items[-1].id, "courier")])
        # One was labelled by hand, in its sidecar.
        by_hand = tmp_path / f"{items[-2].snapshot}.json"
        by_hand.write_text(json.dumps(json.loads(by_hand.read_text()) | {"human_label": "post"}))
        size = sum((tmp_path / each).stat().st_size for each in files(tmp_path))
        await store.prune(days=1000, limit_bytes=size - 1)
        assert [each.id for each in (await store.samples.choose(SampleQuery())).items] == [
            *(each.id for each in items[:2]),
            *(each.id for each in items[3:]),
        ]
        await store.prune(days=0, limit_bytes=1)
        left = (await store.samples.choose(SampleQuery())).items
        assert [each.human_label for each in left] == ["post", "courier"]
        assert len(files(tmp_path)) == 6


async def test_what_a_crash_left_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with opened(tmp_path) as (store, _):
        with monkeypatch.context() as broken:
            broken.setattr(store._archive.samples, "_settle", lambda *_: None)
            await collected(store, CollectConfig(), [1])
        assert (await store.samples.choose(SampleQuery())).total == 0
        assert files(tmp_path)
    async with opened(tmp_path) as (store, _):
        assert files(tmp_path) == set()


class Says:
    """Suggests the same for each picture."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def model(self) -> str | None:
        return self.name

    def suggest(self, pictures: list[Any]) -> list[Suggestion]:
        return [Suggestion("courier", 0.8, 0.6)] * len(pictures)


async def test_what_nobody_looked_at_is_looked_at_and_suggested_anew_by_each_model(tmp_path: Path):
    async with opened(tmp_path, StorageConfig(days=100_000)) as (store, _):
        await collected(store, CollectConfig(per_event=9), [1, 2])
        index = EventIndex(f"sqlite:///{tmp_path / 'events.db'}")
        index.open()
        assert Impressions(tmp_path, index, Says(None)).look(None) == 0
        first, second = Impressions(tmp_path, index, Says("a@1")), Impressions(tmp_path, index, Says("a@2"))
        assert (first.look("a@1"), first.look("a@1"), second.look("a@2"), second.look("a@2")) == (2, 0, 2, 0)
        items = (await store.samples.choose(SampleQuery(suggestion="courier"))).items
        assert [(each.margin, each.look is None) for each in items] == [(0.6, False)] * 2
        second.forget()
        items = (await store.samples.choose(SampleQuery())).items
        assert [(each.suggestion, each.look is None) for each in items] == [(None, False)] * 2
        index.close()


@pytest.mark.parametrize(("said", "share"), [("0.1%", 0.001), (0.5, 0.5), ("0.25", 0.25), ("100 %", 1.0)])
def test_a_share_may_be_said_in_percent(said: Any, share: float):
    assert CollectConfig.model_validate({"random": said}).random == pytest.approx(share)


@pytest.mark.parametrize("said", ["much", "-1%", "101%", 2, True])
def test_what_is_no_share(said: Any):
    with pytest.raises(ValueError, match="random"):
        CollectConfig.model_validate({"random": said})
