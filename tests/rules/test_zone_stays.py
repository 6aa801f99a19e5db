"""What is parked in a zone stays there over stops, kills and silence: nothing is told of it again."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interrupting import Life, Process, parked_at
from scenery import Seen, at

from streamer.event import Counts, ZoneEvent
from streamer.parking import REFRESH_S

ZONES = {
    "drive": {"polygon": [[0.3, 0], [1, 0], [1, 1], [0.3, 1]], "loiter": "5s"},
    "gate": {"polygon": [[0.6, 0], [1, 0], [1, 1], [0.6, 1]], "loiter": "20s"},
}
STATIONARY = {"after": "3s", "keep": "60s"}
OPTIONS = {"zones": ZONES, "stationary": STATIONARY}
CAR = parked_at(0.8)
IN_BOTH = [("drive", "entered"), ("gate", "entered")]
BOTH_WAYS = pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])


def changes(life: Life) -> list[tuple[str, str]]:
    return [(each.zone, each.change) for each in life.zones]


@BOTH_WAYS
def test_a_parked_car_is_not_told_again(killed: bool) -> None:
    life = Life(OPTIONS)
    life.watch(12, CAR)
    told = [*IN_BOTH, ("drive", "loitering")]
    assert changes(life) == told
    life.interrupt(30, killed=killed)
    assert life.process.occupancy() == {("drive", "car"): 1, ("gate", "car"): 1}
    life.watch(10, CAR)
    assert changes(life) == [*told, ("gate", "loitering")]
    assert life.zones[-1].seconds == pytest.approx(43, abs=0.5)
    life.interrupt(5, killed=killed)
    life.watch(40, CAR)
    assert changes(life) == [*told, ("gate", "loitering")]
    life.drive_off(0.8)
    assert {each.event for each in life.zones} == {life.events[0].id}
    ends = [each for each in life.zones if each.change == "left"]
    assert [each.zone for each in ends] == ["gate", "drive"]
    assert life.process.occupancy() == {}
    for each in ends:
        assert each.seconds == pytest.approx((each.at - life.zones[0].at).total_seconds(), abs=0.01)


@BOTH_WAYS
def test_who_only_stops_by_leaves_at_a_stop(killed: bool) -> None:
    life = Life(OPTIONS)
    life.watch(2, CAR)
    life.interrupt(1, killed=killed)
    assert life.process.known == ()
    assert changes(life) == [*IN_BOTH, *([] if killed else [("drive", "left"), ("gate", "left")])]


@BOTH_WAYS
def test_what_is_not_found_again_leaves_and_ends_where_it_was_seen_last(killed: bool) -> None:
    life = Life(OPTIONS)
    life.watch(12, CAR)
    life.interrupt(10, killed=killed)
    (known,) = life.process.known
    life.watch(30)
    life.interrupt(5, killed=killed)
    life.watch(30)
    *_, drive, gate, end = (each for each in life.told if not isinstance(each, Counts))
    assert [getattr(each, "change", None) or each.phase for each in (drive, gate, end)] == [
        "left",
        "left",
        "end",
    ]
    assert drive.event == gate.event == end.id == known.event.id
    assert drive.at == gate.at == end.ended_at == known.seen_at
    assert drive.seconds == pytest.approx(known.stays[0].seconds)
    assert life.process.occupancy() == {}


def test_before_a_camera_that_never_comes_it_leaves_and_ends_too() -> None:
    life = Life(OPTIONS)
    life.watch(12, CAR)
    life.interrupt(10)
    life.silence(40)
    assert len(life.process.told) == 0
    life.silence(20)
    assert [type(each).__name__ for each in life.process.told] == ["ZoneEvent", "ZoneEvent", "Event"]
    assert life.process.occupancy() == {}
    life.interrupt(1)
    assert life.process.known == ()


def test_a_zone_that_is_no_more_was_left_when_the_object_was_last_seen() -> None:
    life = Life(OPTIONS)
    life.watch(12, CAR)
    life.interrupt(10, zones={"drive": ZONES["drive"]})
    life.watch(10, CAR)
    assert changes(life) == [*IN_BOTH, ("drive", "loitering"), ("gate", "left")]
    assert life.zones[-1].at == at(12)
    assert life.process.occupancy() == {("drive", "car"): 1}
    life.interrupt(10, zones={})
    life.watch(1, CAR)
    assert changes(life)[4:] == [("drive", "left")]
    life.interrupt(10, zones=ZONES)
    life.watch(3, CAR)
    assert changes(life)[5:] == IN_BOTH


@BOTH_WAYS
def test_the_totals_leave_out_only_what_was_between(killed: bool) -> None:
    life = Life({**OPTIONS, "counts": {"interval": "2s"}})
    life.watch(12, CAR)
    before = life.counts[-1].until
    life.interrupt(30, killed=killed)
    life.watch(12.2, CAR)
    first, *others = [each for each in life.process.told if isinstance(each, Counts)]
    assert first.since - before >= timedelta(seconds=30)
    for each in (first, *others):
        for total in each.zones:
            assert (total.entered, total.left, total.occupancy) == (0, 0, 1)
            # Known again after a second, and then counted from the beginning on.
            assert total.seconds <= (each.until - first.since).total_seconds() + 0.01
    drive = [total for each in (first, *others) for total in each.zones if total.zone == "drive"]
    assert sum(total.seconds for total in drive) == pytest.approx(
        (others[-1].until - first.since).total_seconds()
    )


def test_what_is_hidden_after_a_restart_counts_once_it_is_seen_and_not_for_the_time_before() -> None:
    life = Life({**OPTIONS, "counts": {"interval": "2s"}})
    life.watch(12, CAR)
    life.interrupt(30)
    life.watch(5)
    life.watch(5.4, CAR)
    totals = [total for each in life.process.told if isinstance(each, Counts) for total in each.zones]
    seconds = [total.seconds for total in totals if total.zone == "drive"]
    assert seconds[:2] == [0.0, 0.0]
    assert sum(seconds) == pytest.approx(10)


PLACES = st.sampled_from([0.15, 0.45, 0.8])
CARS = st.lists(st.builds(parked_at, PLACES), max_size=2)
SECONDS = st.sampled_from([1, 4, 7, 25, 70])
STEPS = st.tuples(st.sampled_from(["look", "look", "look", "silence", "stop", "kill"]), SECONDS, CARS)


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=9))
def test_stays_are_whole_over_any_interruptions(steps: list[tuple[str, int, list[Seen]]]) -> None:
    life = Life({**OPTIONS, "counts": {"interval": "2s"}})
    for what, seconds, seen in steps:
        if what == "look":
            life.watch(min(seconds, 25), *seen, rate=2)
        elif what == "silence":
            life.silence(seconds)
        else:
            life.interrupt(seconds, killed=what == "kill")
    life.interrupt(0)
    check_stays(life)


def check_stays(life: Life) -> None:
    """Entered before left, left before entered again; loitering once; seconds never fall."""
    inside: dict[tuple[int, str], ZoneEvent] = {}
    seconds: dict[tuple[int, str], float] = {}
    loitered: set[tuple[int, str]] = set()
    for process in life.over:
        known = {(each.event.track, stay.zone): stay for each in process.known for stay in each.stays}
        # What was not parked is gone with a killed process.
        inside = {key: told for key, told in inside.items() if key in known}
        assert inside.keys() == known.keys()
        for key, stay in known.items():
            assert stay.seconds >= seconds[key] - 1e-3
            assert stay.loitered == (key in loitered)
        for told in (each for each in process.told if isinstance(each, ZoneEvent)):
            key = told.track, told.zone
            assert (told.change == "entered") == (key not in inside)
            if told.change == "entered":
                inside[key], seconds[key] = told, 0.0
                loitered.discard(key)
            assert told.change != "loitering" or key not in loitered
            loitered |= {key} if told.change == "loitering" else set()
            assert told.seconds >= seconds[key] - 1e-3
            seconds[key] = told.seconds
            assert told.seconds == pytest.approx((told.at - inside[key].at).total_seconds(), abs=1e-3)
            if told.change == "left":
                del inside[key]
        check_occupancy(process, Counter((zone, told.label) for (_, zone), told in inside.items()))


def check_occupancy(process: Process, inside: Counter[tuple[str, str]]) -> None:
    assert process.occupancy() == inside
    totals = [each for each in process.told if isinstance(each, Counts)]
    assert all(total.seconds >= 0 for each in totals for total in each.zones)
    if totals and totals[-1] is process.told[-1]:
        last = {(each.zone, each.label): each.occupancy for each in totals[-1].zones if each.occupancy}
        assert last == inside


INTERRUPTIONS = st.lists(
    st.tuples(st.sampled_from([4.0, 9.0, 23.0]), st.sampled_from([3, 10, 45]), st.booleans()), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(INTERRUPTIONS, st.sampled_from([0.45, 0.8]), st.sampled_from(["stays", "drives away", "vanishes"]))
def test_an_interruption_is_told_as_a_silence_of_that_length(
    interruptions: list[tuple[float, int, bool]], x: float, end: str
) -> None:
    car = parked_at(x)
    life, whole = Life(OPTIONS), Life(OPTIONS)
    for each in (life, whole):
        each.watch(5, car, rate=2)
    for seconds, down_s, killed in interruptions:
        life.interrupt(down_s, killed=killed)
        whole.silence(down_s)
        for each in (life, whole):
            each.watch(seconds, car, rate=2)
    for each in (life, whole):
        if end == "drives away":
            each.drive_off(x)
        elif end == "vanishes":
            each.watch(62, rate=1)
        each.process.finish()
    ours, theirs = life.zones, whole.zones
    assert [(each.zone, each.change, each.track) for each in ours] == [
        (each.zone, each.change, each.track) for each in theirs
    ]
    # What enters before its event begins has none yet.
    assert len({each.event for each in ours} - {None}) == 1
    for our, their in zip(ours, theirs, strict=True):
        assert our.at - their.at == pytest.approx(timedelta(0), abs=timedelta(milliseconds=1))
        assert our.seconds == pytest.approx(their.seconds, abs=1e-3)


def test_a_kill_forgets_at_most_the_last_seconds_of_what_is_not_found_again() -> None:
    life = Life(OPTIONS)
    life.watch(19, CAR)
    life.interrupt(70, killed=True)
    life.watch(1)
    ends = [each for each in life.zones if each.change == "left"]
    assert len(ends) == 2
    assert all(at(19) - each.at <= timedelta(seconds=REFRESH_S) for each in ends)
