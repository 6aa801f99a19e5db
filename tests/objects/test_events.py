"""One start, updates, one end; nothing of a flicker; the best picture."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count, pairwise

import pytest
import uuid_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import BEGIN, HEIGHT, WIDTH, Seen, detections, frame, standing

from streamer.config.tree import EventConfig, TrackerConfig
from streamer.event import Event, new_id
from streamer.events import EventRules, picture_score
from streamer.tracking.tracker import Tracker


class Camera:
    """A tracker and its rules, with event ids that count from 1."""

    def __init__(self, name: str = "yard", config: EventConfig | None = None) -> None:
        ids: Iterator[int] = count(1)
        self.name = name
        self.tracker = Tracker(TrackerConfig(high_confidence=0.5))
        self.rules = EventRules(name, config or EventConfig(), lambda: f"{name}-{next(ids)}")
        self.shown: set[int] = set()

    def see(self, time_s: float, *seen: Seen) -> list[Event]:
        tracks = self.tracker.update(time_s, detections(seen))
        self.shown.update(int(each) for each in tracks.detections.tracker_id if each >= 0)
        return self.rules.update(frame(time_s, self.name), tracks)

    def silence(self, time_s: float) -> list[Event]:
        return self.rules.expire(self.tracker.expire(time_s), BEGIN + timedelta(seconds=time_s))

    def close(self, time_s: float) -> list[Event]:
        return self.rules.close(BEGIN + timedelta(seconds=time_s))


def times(rate: float, seconds: float, begin: float = 0.0) -> list[float]:
    return [begin + k / rate for k in range(round(rate * seconds) + 1)]


@pytest.mark.parametrize("rate", [30, 5, 2])
def test_an_object_gives_one_start_and_one_end(rate: float) -> None:
    camera = Camera()
    events = [event for t in times(rate, 6) for event in camera.see(t, Seen(standing(300)))]
    events += [event for t in times(rate, 6, 6 + 1 / rate) for event in camera.see(t)]
    assert [event.phase for event in events] == ["start", "end"]
    start, end = events
    assert start.id == end.id == "yard-1"
    assert (start.camera, start.label, start.track) == ("yard", "person", 1)
    assert start.started_at == end.started_at
    assert start.started_at - BEGIN <= timedelta(seconds=1.5 / rate + 0.1)
    assert start.ended_at is None
    assert end.ended_at == BEGIN + timedelta(seconds=6)
    assert start.snapshot == end.snapshot == "snapshots/yard/2026-03-01/yard-1"


@pytest.mark.parametrize("rate", [30, 5, 2])
def test_an_object_starts_within_two_seconds(rate: float) -> None:
    camera = Camera()
    began = [t for t in times(rate, 4) if camera.see(t, Seen(standing(300)))]
    assert len(began) == 1
    assert 0.5 <= began[0] <= 2.0


@pytest.mark.parametrize("rate", [30, 5, 2])
@pytest.mark.parametrize("frames", [1, 2])
def test_one_flickering_box_gives_no_event(rate: float, frames: int) -> None:
    camera = Camera()
    for burst in range(5):
        begin = 10.0 * burst
        for k in range(frames):
            assert camera.see(begin + k / rate, Seen(standing(300))) == []
        for t in times(rate, 4, begin + frames / rate):
            assert camera.see(t) == []
    assert camera.close(60.0) == []


def test_a_box_that_is_rarely_sure_gives_no_event() -> None:
    camera = Camera()
    confidences = [0.55, 0.55, 0.3, 0.35, 0.3]
    for k, t in enumerate(times(5, 20)):
        assert camera.see(t, Seen(standing(300), confidences[k % 5])) == []
    assert camera.shown == {1}


def test_a_better_picture_is_an_update_and_a_worse_one_is_not() -> None:
    camera = Camera(config=EventConfig(update_every_s=1.0, better=1.2))
    heights = [200.0] * 10 + [*range(210, 280, 10)] + [280.0] * 10 + [*range(270, 150, -10)]
    events = []
    for k, height in enumerate(heights):
        events += camera.see(k / 5, Seen(standing(600, height=height, width=0.4 * height)))
    assert [event.phase for event in events] == ["start", "update"]
    assert events[0].box == pytest.approx(standing(600))
    assert events[1].box[3] - events[1].box[1] >= 1.2 * 200
    (end,) = camera.close(8.0)
    assert end.box == events[1].box
    assert end.id == events[0].id


def test_updates_are_rare() -> None:
    camera = Camera(config=EventConfig(update_every_s=2.0, better=1.01))
    updates = []
    for k, t in enumerate(times(10, 12)):
        size = 100 * 1.02**k
        updates += [
            (t, e) for e in camera.see(t, Seen(standing(640, 360, 0.4 * size, size))) if e.phase == "update"
        ]
    assert len(updates) >= 3
    assert all(second - first >= 2.0 - 1e-6 for (first, _), (second, _) in pairwise(updates))


def test_a_whole_object_is_a_better_picture_than_a_cut_one() -> None:
    size = (WIDTH, HEIGHT)
    whole = picture_score(list(standing(600)), 0.8, size)
    assert whole > picture_score(list(standing(40)), 0.9, size)
    assert whole > picture_score(list(standing(600, height=100, width=40)), 0.9, size)
    assert whole < picture_score(list(standing(600)), 0.9, size)
    assert picture_score([10.0, 10.0, 10.0, 10.0], 0.9, size) == 0.0


def test_the_best_confidence_is_told() -> None:
    camera = Camera()
    confidences = [0.6, 0.7, 0.95, 0.6, 0.8]
    for k, t in enumerate(times(5, 4)):
        camera.see(t, Seen(standing(300), confidences[k % 5]))
    (end,) = camera.close(5.0)
    assert end.confidence == pytest.approx(0.95)


def test_a_silent_camera_ends_its_events_where_they_were_seen() -> None:
    camera = Camera()
    for t in times(5, 3):
        camera.see(t, Seen(standing(300)))
    assert camera.silence(4.0) == []
    (end,) = camera.silence(9.0)
    assert (end.phase, end.ended_at) == ("end", BEGIN + timedelta(seconds=3))
    assert camera.silence(20.0) == camera.close(20.0) == []


def test_a_camera_whose_clock_runs_ahead_ends_nothing_in_the_future() -> None:
    camera = Camera()
    for t in times(5, 3):
        camera.see(t, Seen(standing(300)))
    (end,) = camera.close(1.0)
    assert end.ended_at == BEGIN + timedelta(seconds=1)


def test_event_ids_are_uuids_of_version_7_and_rise() -> None:
    ids = [new_id() for _ in range(100)]
    assert ids == sorted(set(ids))
    assert all(uuid_utils.UUID(each).version == 7 for each in ids)


SEEN = st.builds(
    Seen,
    st.builds(
        standing,
        st.integers(0, 20).map(lambda k: 60.0 * k),
        st.sampled_from([200.0, 420.0]),
        st.sampled_from([60.0, 75.0]),
        st.sampled_from([150.0, 190.0]),
    ),
    st.floats(0.1, 0.99),
    st.sampled_from(["person", "car"]),
)
STAY = st.tuples(SEEN, st.integers(1, 12), st.floats(-30, 30))
GAPS = st.sampled_from([1 / 30, 0.1, 0.2, 0.5, 0.5, 1.5, 4.0])


@settings(max_examples=60, deadline=None)
@given(
    stays=st.lists(st.tuples(st.integers(0, 30), STAY), max_size=12),
    gaps=st.lists(GAPS, min_size=5, max_size=40),
    silences=st.sets(st.integers(0, 40), max_size=4),
)
def test_the_lifecycle_holds_whatever_is_detected(
    stays: list[tuple[int, tuple[Seen, int, float]]], gaps: list[float], silences: set[int]
) -> None:
    cameras = [Camera("yard"), Camera("gate")]
    told: dict[str, list[Event]] = {"yard": [], "gate": []}
    now = 0.0
    for step, gap in enumerate(gaps):
        now += gap
        for camera in cameras:
            if step in silences:
                told[camera.name] += camera.silence(now)
                continue
            told[camera.name] += camera.see(now, *boxes_at(step, stays, camera.name))
    for camera in cameras:
        told[camera.name] += camera.close(now)
        assert camera.close(now + 100) == []
        check_lifecycle(camera, told[camera.name])
    starts = [event.id for events in told.values() for event in events if event.phase == "start"]
    assert len(starts) == len(set(starts))


def boxes_at(step: int, stays: list[tuple[int, tuple[Seen, int, float]]], camera: str) -> list[Seen]:
    """The objects in view; those of the other camera come one step later."""
    if camera == "gate":
        step -= 1
    here = []
    for begin, (seen, length, speed) in stays:
        if begin <= step < begin + length:
            dx = speed * (step - begin)
            x1, y1, x2, y2 = seen.box
            here.append(replace(seen, box=(x1 + dx, y1, x2 + dx, y2)))
    return here


def check_lifecycle(camera: Camera, events: list[Event]) -> None:
    open_ones: dict[str, Event] = {}
    ended: set[str] = set()
    tracks: list[int] = []
    for event in events:
        assert event.camera == camera.name
        assert event.id.startswith(camera.name)
        assert event.id not in ended
        if event.phase == "start":
            assert event.id not in open_ones
            open_ones[event.id] = event
            tracks.append(event.track)
            assert event.ended_at is None
        else:
            first = open_ones[event.id]
            assert (event.track, event.label, event.started_at) == (
                first.track,
                first.label,
                first.started_at,
            )
        if event.phase == "end":
            assert event.ended_at is not None
            assert event.ended_at >= event.started_at
            del open_ones[event.id]
            ended.add(event.id)
    assert open_ones == {}
    assert len(tracks) == len(set(tracks))
    assert set(tracks) <= camera.shown == set(range(1, len(camera.shown) + 1))
