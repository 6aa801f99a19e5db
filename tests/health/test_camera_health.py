"""When a camera's trouble is told, by properties over random lives of a camera."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.state import SourceState
from streamer.event import CameraEvent
from streamer.health.camera import CameraHealth
from streamer.health.verdict import Verdict

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOLD_S = 30.0
TICK_S = 1.0


def clock(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Stay:
    """The camera is in a state for a while; ``fine`` .. are those of a live camera's pictures."""

    state: str
    seconds: float


class Watched:
    """Leads a camera through its life, looking at it every second."""

    def __init__(self, hold_s: float = HOLD_S) -> None:
        self.health = CameraHealth("yard", hold_s)
        self.now = 0.0
        self.told: list[tuple[float, CameraEvent]] = []
        self._live_since = 0.0
        self._state = ""

    def live(self, *stays: Stay) -> list[CameraEvent]:
        for stay in stays:
            self._enter(stay.state)
            for _ in range(round(stay.seconds / TICK_S)):
                self.now += TICK_S
                self._hear(self.health.update(self.now))
        return [event for _, event in self.told]

    def _enter(self, state: str) -> None:
        began = clock(self.now)
        if state in ("down", "connecting", "ended"):
            reason = "no answer" if state == "down" else None
            self._hear(self.health.connected(SourceState(state, reason, began), self.now))
        else:
            if self._state in ("", "down", "connecting", "ended"):
                self._hear(self.health.connected(SourceState("live", None, began), self.now))
            self._hear(
                self.health.looked(Verdict(state, None if state == "fine" else state, began), self.now)
            )
        self._state = state

    def _hear(self, events: list[CameraEvent]) -> None:
        self.told += [(self.now, event) for event in events]


def test_a_camera_that_is_down_at_the_start_is_told_once_that_has_lasted():
    watched = Watched()
    assert watched.live(Stay("connecting", 5), Stay("down", 29)) == []
    assert watched.live(Stay("down", 600)) == [CameraEvent("yard", "down", "no answer", clock(5))]
    assert [at for at, _ in watched.told] == [35]


def test_its_end_is_told_once_that_has_lasted_too():
    watched = Watched()
    watched.live(Stay("fine", 100), Stay("down", 50), Stay("fine", 29))
    assert [event.state for _, event in watched.told] == ["down"]
    watched.live(Stay("fine", 10))
    assert watched.told[-1] == (180, CameraEvent("yard", "up", None, clock(150)))


def test_a_camera_that_starts_well_has_nothing_to_tell():
    assert Watched().live(Stay("connecting", 2), Stay("fine", 600)) == []


@pytest.mark.parametrize("trouble", ["down", "covered"])
def test_trouble_that_an_earlier_process_told_ends_once(trouble):
    watched = Watched()
    watched.health.recall(trouble)
    assert watched.live(Stay("connecting", 2), Stay(trouble, 100)) == []
    watched.live(Stay("fine", 60))
    assert [event.state for _, event in watched.told] == ["up"]


def test_what_was_wrong_with_pictures_is_not_over_before_one_was_seen():
    health = CameraHealth("yard", HOLD_S)
    health.recall("covered")
    assert health.connected(SourceState("live", None, NOON), 0.0) == []
    assert health.update(10 * HOLD_S) == []


def test_the_reason_is_the_latest_and_the_state_goes_on():
    health = CameraHealth("yard", HOLD_S)
    health.connected(SourceState("down", "the stream ended", NOON), 0.0)
    assert health.connected(SourceState("down", "connection refused", NOON), 20.0) == []
    assert health.update(30.0) == [CameraEvent("yard", "down", "connection refused", NOON)]
    assert health.connected(SourceState("down", "no answer", NOON), 70.0) == []


def test_what_was_due_before_a_change_is_told_though_nobody_looked_in_time():
    health = CameraHealth("yard", HOLD_S)
    health.connected(SourceState("down", "no answer", NOON), 0.0)
    (event,) = health.connected(SourceState("live", None, clock(31)), 31.0)
    assert event.state == "down"


def test_a_covered_camera_whose_connection_breaks_for_a_moment_is_not_up_in_between():
    watched = Watched(hold_s=0)
    events = watched.live(
        Stay("fine", 5), Stay("covered", 5), Stay("down", 1), Stay("covered", 5), Stay("fine", 5)
    )
    assert [event.state for event in events] == ["covered", "down", "covered", "up"]
    assert watched.told[2][1].since == clock(11)


def test_a_camera_is_not_up_while_its_last_pictures_were_covered():
    health = CameraHealth("yard", 0)
    health.connected(SourceState("live", None, NOON), 0.0)
    health.looked(Verdict("covered", "covered", NOON), 1.0)
    health.connected(SourceState("down", "no answer", clock(2)), 2.0)
    (event,) = health.connected(SourceState("live", None, clock(3)), 3.0)
    assert event == CameraEvent("yard", "covered", "covered", clock(3))


@pytest.mark.parametrize("state", ["connecting", "ended"])
def test_of_a_recording_that_ended_nothing_more_is_told(state):
    assert Watched().live(Stay("fine", 50), Stay(state, 500)) == []


STATES = ("fine", "down", "covered", "frozen", "unfocused")
lives = st.lists(
    st.builds(Stay, st.sampled_from((*STATES, "connecting")), st.integers(1, 70).map(float)), max_size=12
)


@given(lives)
def test_no_state_is_told_twice_and_the_first_is_trouble(stays):
    states = [event.state for event in Watched().live(*stays)]
    assert states[:1] != ["up"]
    assert all(first != second for first, second in itertools.pairwise(states))


@given(lives)
def test_times_are_when_a_state_began_and_only_rise(stays):
    watched = Watched()
    events = watched.live(*stays)
    began = {clock(at) for at in itertools.accumulate((stay.seconds for stay in stays), initial=0.0)}
    assert {event.since for event in events} <= began
    assert all(first.since < second.since for first, second in itertools.pairwise(events))
    assert all(clock(at) - event.since >= timedelta(seconds=HOLD_S) for at, event in watched.told)


@given(lives)
def test_the_reason_stands_with_trouble_and_only_there(stays):
    assert all((event.reason is None) == (event.state == "up") for event in Watched().live(*stays))


def merged(stays: list[Stay]) -> list[Stay]:
    """Stays in the same state one after the other are one."""
    groups = itertools.groupby(stays, lambda stay: stay.state)
    return [Stay(state, sum(stay.seconds for stay in group)) for state, group in groups]


@given(lives)
def test_every_state_that_lasts_is_told_and_nothing_that_does_not(stays):
    """Against a plain rule: of the states that lasted, those that differ from the one before."""
    lasting = [stay.state for stay in merged(stays) if stay.seconds >= HOLD_S and stay.state != "connecting"]
    named = ["up" if state == "fine" else state for state in lasting]
    expected = [state for before, state in itertools.pairwise(["up", *named]) if state != before]
    assert [event.state for event in Watched().live(*stays)] == expected


@given(st.lists(st.sampled_from(STATES), max_size=20), st.integers(1, int(HOLD_S) - 1))
def test_flapping_faster_than_hold_tells_nothing(states, seconds):
    flapping = [state for state, _ in itertools.groupby(states)]
    assert Watched().live(*(Stay(state, seconds) for state in flapping)) == []
