"""A parked object keeps its event while it is hidden, lost, or nobody looks; nothing else inherits it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import BEGIN, Seen, standing
from watching import Camera

from streamer.config.tree import StationaryConfig, TrackerConfig
from streamer.event import Event
from streamer.tracking.tracker import Tracker
from streamer.tracking.tracks import ParkedTrack

RATES = pytest.mark.parametrize("rate", [30, 5, 2])
CAR = Seen(standing(600, 400, 260, 140), label="car")
BEFORE_IT = Seen(standing(600, 380, 220, 300), label="person")
STARTED = ("yard-1", "start")


def parked_camera(rate: float = 5.0, seen: Seen = CAR) -> Camera:
    """A camera whose only object has been parked for some seconds, in its 20th."""
    camera = Camera()
    camera.watch(20.0, seen, rate=rate)
    assert camera.tracks == [1]
    assert [each.track for each in camera.tracker.parked()] == [1]
    return camera


def shaken(seen: Seen, rng: np.random.Generator, share: float = 0.04) -> Seen:
    """As a detector sees it, whose edges are off by so much of its size."""
    x1, y1, x2, y2 = seen.box
    width, height = x2 - x1, y2 - y1
    dx, dy = rng.normal(0, share * width, 2), rng.normal(0, share * height, 2)
    box = (x1 + dx[0], y1 + dy[0], x2 + dx[1], y2 + dy[1])
    return Seen(box, float(rng.uniform(0.55, 0.95)), seen.label)


@RATES
def test_a_parked_car_that_a_person_hides_for_half_a_minute_goes_on(rate: float) -> None:
    camera = parked_camera(rate)
    camera.watch(50.0, BEFORE_IT, rate=rate)
    assert camera.watch(55.0, CAR, rate=rate) == [1]
    assert STARTED in camera.phases
    assert [phase for each, phase in camera.phases if each == "yard-1"] == ["start"]


@pytest.mark.parametrize("rate", [5, 2])
def test_a_parked_car_that_is_not_seen_for_five_minutes_goes_on(rate: float) -> None:
    camera = parked_camera(rate)
    camera.watch(320.0, rate=rate)
    assert camera.watch(325.0, CAR, rate=rate) == [1]
    assert camera.phases == [STARTED]


@RATES
def test_a_parked_car_goes_on_after_a_reconnect(rate: float) -> None:
    camera = parked_camera(rate)
    for second in range(21, 320):
        camera.silence(float(second))
    for step in range(round(5 * rate)):
        camera.see(320.0 + step / rate, CAR)
    assert camera.tracks == [1]
    assert camera.phases == [STARTED]


def test_noise_does_not_move_a_parked_car() -> None:
    rng, camera = np.random.default_rng(3), Camera()
    for step in range(5 * 120):
        hidden = 200 <= step < 400 or rng.random() < 0.3
        camera.see(step / 5, *([] if hidden else [shaken(CAR, rng)]))
    assert {each for each, _ in camera.phases} == {"yard-1"}
    assert [event.phase for event in camera.told if event.phase != "update"] == ["start"]


def test_a_parked_car_that_is_never_found_again_ends_where_it_was_seen_last() -> None:
    camera = parked_camera()
    camera.watch(20.0 + 599)
    assert camera.phases == [STARTED]
    camera.watch(20.0 + 603)
    assert camera.phases == [STARTED, ("yard-1", "end")]
    assert camera.told[-1].ended_at == BEGIN + timedelta(seconds=20)
    assert camera.told[-1].stationary
    camera.watch(630.0, CAR)
    assert camera.phases[2:] == [("yard-2", "start")]


def test_keep_says_how_long_it_is_remembered() -> None:
    camera = Camera(StationaryConfig(after=5, keep=30))
    camera.watch(8.0, CAR)
    camera.watch(41.0)
    assert camera.phases == [STARTED, ("yard-1", "end")]


def test_a_car_that_only_stopped_is_forgotten_once_its_place_was_empty() -> None:
    camera = Camera()
    camera.watch(8.0, CAR)
    camera.watch(17.0)
    assert camera.phases == [STARTED]
    camera.watch(21.0)
    assert camera.phases == [STARTED, ("yard-1", "end")]
    assert not camera.told[-1].stationary
    assert camera.told[-1].ended_at == BEGIN + timedelta(seconds=8)


def half_hidden(thing: Seen, step: int) -> list[Seen]:
    """Somebody hides its left, its middle or its right by turns, and is not always seen doing it."""
    x1, y1, x2, y2 = thing.box
    across = x2 - x1
    part = [(x1, x1 + 0.55 * across), (x1 + 0.5 * across, x2)]
    seen = [Seen((left, y1, right, y2), label=thing.label) for left, right in part]
    return [[seen[0]], seen, [seen[1]], []][step // 5 % 4]


@pytest.mark.parametrize("label", ["car", "chair"])
def test_a_thing_that_people_walk_by_before_it_is_parked_is_one_event(label: str) -> None:
    thing, camera = replace(CAR, label=label), Camera()
    camera.watch(3.0, thing)
    for step in range(300):
        camera.see(3.2 + step / 5, *half_hidden(thing, step))
    camera.watch(70.0, thing)
    assert camera.phases == [STARTED]
    assert camera.told[-1].track == camera.tracks[0]


@RATES
def test_a_car_that_drives_away_is_not_remembered(rate: float) -> None:
    camera = parked_camera(rate)
    for step in range(round(4 * rate)):
        camera.see(
            20 + (step + 1) / rate, Seen(standing(600 + 150 * step / rate, 400, 260, 140), label="car")
        )
    camera.watch(30.0, rate=rate)
    assert camera.phases == [STARTED, ("yard-1", "end")]
    camera.watch(35.0, CAR, rate=rate)
    assert camera.phases[2:] == [("yard-2", "start")]


@RATES
def test_a_walker_before_a_parked_car_is_somebody_else(rate: float) -> None:
    camera = parked_camera(rate)
    walked = set()
    for step in range(round(12 * rate)):
        x = 100 + 90 * step / rate
        person = Seen(standing(x, 400, 90, 220))
        hidden = abs(x - 600) < 120
        found = camera.see(20 + (step + 1) / rate, *([person] if hidden else [person, CAR]))
        walked.add(found[0])
        assert hidden or found[1] in (-1, 1)
    assert found[1] == 1
    assert len(walked - {-1}) == 1
    assert 1 not in walked
    assert camera.phases == [STARTED, ("yard-2", "start")]


@RATES
def test_a_car_that_passes_the_place_of_a_hidden_one_is_another(rate: float) -> None:
    camera = parked_camera(rate)
    camera.watch(25.0, rate=rate)
    passed = set()
    for step in range(round(5 * rate)):
        passed.update(
            camera.see(
                25 + (step + 1) / rate, Seen(standing(100 + 220 * step / rate, 400, 260, 140), label="car")
            )
        )
    assert 1 not in passed
    assert camera.watch(40.0, CAR, rate=rate) == [1]


@pytest.mark.parametrize("rate", [30, 5])
def test_a_car_that_is_first_seen_while_it_passes_the_place_is_another(rate: float) -> None:
    camera = parked_camera(rate)
    camera.watch(25.0, rate=rate)
    passed = set()
    for step in range(round(3 * rate)):
        car = Seen(standing(590 + 100 * step / rate, 400, 260, 140), label="car")
        passed.update(camera.see(25 + (step + 1) / rate, car))
    assert 1 not in passed
    assert max(passed) == 2


def test_a_parked_car_of_which_a_part_shows_before_it_is_lost_goes_on() -> None:
    camera = parked_camera()
    part = Seen((470.0, 330.0, 600.0, 470.0), label="car")
    assert camera.watch(26.0, part) == [1]
    camera.watch(60.0)
    assert camera.watch(65.0, CAR) == [1]
    assert camera.phases == [STARTED]


def test_a_car_that_moves_on_is_parked_where_it_stops() -> None:
    camera = parked_camera()
    for step in range(20):
        camera.see(20.2 + step / 5, Seen(standing(600 + 16 * step, 400, 260, 140), label="car"))
    elsewhere = Seen(standing(904, 400, 260, 140), label="car")
    assert camera.watch(45.0, elsewhere) == [1]
    camera.watch(80.0)
    assert camera.watch(85.0, elsewhere) == [1]
    assert camera.phases == [STARTED]


@pytest.mark.parametrize(
    "other",
    [
        Seen(standing(600, 400, 260, 140), label="dog"),
        Seen(standing(600, 380, 420, 300), label="car"),
        Seen(standing(600, 430, 120, 80), label="car"),
        Seen(standing(740, 400, 260, 140), label="car"),
    ],
    ids=["another group", "larger", "smaller", "beside it"],
)
def test_another_object_at_the_place_is_a_new_event(other: Seen) -> None:
    camera = parked_camera()
    camera.watch(60.0)
    assert camera.watch(80.0, other) == [2]
    assert camera.phases == [STARTED, ("yard-2", "start")]
    assert camera.told[-1].label == other.label


def test_a_car_that_shows_in_part_first_goes_on() -> None:
    camera = parked_camera()
    large = Seen(standing(560, 360, 500, 300), label="dog")
    camera.watch(30.0, large)
    part = Seen((640.0, 330.0, 730.0, 470.0), label="car")
    camera.watch(36.0, large, part)
    assert camera.watch(40.0, CAR) == [1]
    assert [each for each in camera.phases if each[0] == "yard-1"] == [STARTED]
    assert len([event for event in camera.told if event.label == "car"]) == 1


def test_a_person_who_stood_and_is_gone_is_not_remembered_for_long() -> None:
    """Whoever goes through a door is not seen leaving; the next one at the door is somebody else."""
    camera = parked_camera(seen=Seen(standing(600)))
    camera.watch(35.0)
    assert camera.phases == [STARTED, ("yard-1", "end")]
    camera.watch(40.0, Seen(standing(600)))
    assert camera.phases[2:] == [("yard-2", "start")]


def test_a_person_who_stood_and_is_hidden_is_remembered() -> None:
    camera = parked_camera(seen=Seen(standing(600)))
    camera.watch(60.0, Seen(standing(600, 330, 300, 260), label="car"))
    assert camera.watch(65.0, Seen(standing(600))) == [1]


def test_two_cars_side_by_side_are_found_again_each_at_its_place() -> None:
    cars = [Seen(standing(300 + 250 * k, 400, 230, 140), label="car") for k in range(3)]
    camera = Camera()
    before = camera.watch(20.0, *cars)
    camera.watch(60.0)
    after = camera.watch(65.0, *reversed(cars))
    assert sorted(before) == [1, 2, 3]
    assert after == before[::-1]
    assert len(camera.phases) == 3


@RATES
def test_a_restart_goes_on_with_what_is_parked(rate: float) -> None:
    before = parked_camera(rate)
    known = before.stop()
    assert before.phases == [STARTED]
    after = Camera(ids=before.ids, began_s=320.0, known=known)
    moved = Seen(standing(200, 400), label="person")
    assert after.watch(5.0, CAR, moved, rate=rate) == [1, 2]
    assert after.phases == [("yard-2", "start")]
    assert [rule.rule for rule in known[0].event.rules] == ["confirm_hits", "confirm_s", "threshold"]
    assert after.parked()[0].event.rules == known[0].event.rules
    after.watch(5.2)
    after.stop()
    after = Camera(ids=before.ids, began_s=330.0, known=after.parked() or known)
    after.watch(605.0, rate=1)
    (end,) = [event for event in after.told if event.phase == "end"]
    assert (end.id, end.track, end.label) == ("yard-1", 1, "car")
    assert end.started_at == before.told[0].started_at


def test_what_was_seen_too_long_before_a_restart_ends_with_its_first_frame() -> None:
    before = parked_camera()
    after = Camera(ids=before.ids, began_s=1000.0, known=before.stop())
    after.see(0.0, CAR)
    assert after.phases == [("yard-1", "end")]
    assert after.told[0].ended_at == BEGIN + timedelta(seconds=20)
    after.watch(5.0, CAR)
    assert after.phases[1:] == [("yard-2", "start")]


def test_a_camera_that_was_turned_meanwhile_does_no_harm() -> None:
    before = parked_camera()
    after = Camera(ids=before.ids, began_s=30.0, known=before.stop())
    assert after.watch(10.0, Seen(standing(900, 200, 260, 140), label="car")) == [2]
    after.watch(620.0, rate=1)
    assert sorted(after.phases) == sorted([("yard-2", "start"), ("yard-1", "end"), ("yard-2", "end")])


def test_a_stop_ends_what_moves() -> None:
    camera = Camera()
    for step in range(30):
        camera.see(step / 5, CAR, Seen(standing(100 + 20 * step)))
    assert camera.stop() == ()
    assert sorted(camera.phases) == [
        ("yard-1", "end"),
        ("yard-1", "start"),
        ("yard-2", "end"),
        ("yard-2", "start"),
    ]


@given(st.floats(0, 3600), st.floats(-1e6, 0))
def test_what_is_recalled_is_parked_until_it_is_found_or_forgotten(after_s: float, seen_s: float) -> None:
    """A restart before it is found again hands it on, however its times are rounded."""
    tracker = Tracker(TrackerConfig(), StationaryConfig(after=after_s))
    known = ParkedTrack(7, "car", CAR.box, seen_s)
    tracker.recall([known])
    assert tracker.parked() == [known]


PLACES = st.integers(0, 3).map(lambda k: standing(150 + 300 * k, 400, 240, 140))
THINGS = st.builds(Seen, PLACES, st.floats(0.5, 0.95), st.sampled_from(["car", "truck", "person"]))
STEPS = st.tuples(
    st.sampled_from(["look", "look", "look", "silence", "restart"]),
    st.sampled_from([0.4, 2.0, 7.0, 15.0, 40.0]),
    st.lists(THINGS, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=10))
def test_the_lifecycle_holds_over_silence_and_restarts(steps: list[tuple[str, float, list[Seen]]]) -> None:
    stationary, ids, now = StationaryConfig(after=3, keep=30), count(1), 0.0
    camera = Camera(stationary, ids=ids)
    told: list[Event] = []
    for what, seconds, seen in steps:
        if what == "restart":
            known = camera.stop()
            told += camera.told
            now += camera.time_s + seconds
            camera = Camera(stationary, ids=ids, began_s=now, known=known)
        elif what == "silence":
            camera.silence(camera.time_s + seconds)
        camera.watch(camera.time_s + seconds, *seen, rate=2)
        shown = [each for each in camera.tracks if each != -1]
        assert len(shown) == len(set(shown))
    told += camera.told
    told += camera.rules.close(BEGIN + timedelta(seconds=now + camera.time_s))
    check_lifecycle(told)


def check_lifecycle(told: Sequence[Event]) -> None:
    """One start, one end, one track; nothing of an event before the one or after the other."""
    open_ones: dict[str, Event] = {}
    over: set[str] = set()
    for event in told:
        assert event.id not in over
        if event.phase == "start":
            assert event.id not in open_ones
            open_ones[event.id] = event
        first = open_ones[event.id]
        assert (event.track, event.started_at) == (first.track, first.started_at)
        if event.phase == "end":
            assert event.ended_at is not None
            assert event.ended_at >= event.started_at
            over.add(event.id)
            del open_ones[event.id]
    assert open_ones == {}
