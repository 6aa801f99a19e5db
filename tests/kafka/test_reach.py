"""Brokers that are away are told once, and calmly again; a no at the start is told by whoever asks for it."""

from __future__ import annotations

import logging

import pytest

from streamer.errors import SinkRefused, SinkUnavailable, StreamerError
from streamer.kafka.delivery.reach import REMIND_EVERY_S, Reach
from streamer.kafka.delivery.spool import SpoolState

AWAY = SinkUnavailable("kafka a:9092: nobody listens there")
NO = SinkRefused("kafka a:9092: wrong user name or password")
WAITING = SpoolState(count=1234, size=5_600_000, age_s=1.0, full=False, set_aside=0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Heard:
    def __init__(self) -> None:
        self.last: StreamerError | None = None

    def reached(self, problem: StreamerError | None) -> None:
        self.last = problem


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reach(clock: Clock, caplog: pytest.LogCaptureFixture) -> Reach:
    caplog.set_level(logging.INFO)
    return Reach(Heard(), clock)


def test_an_outage_is_told_once_and_so_is_its_end(reach: Reach, caplog: pytest.LogCaptureFixture) -> None:
    reach.reached(None)
    for problem in (AWAY, SinkUnavailable(str(AWAY)), None, None):
        reach.reached(problem)
    assert caplog.messages == [f"{AWAY}; records wait on disk", "kafka takes records again"]


def test_reasons_that_take_turns_are_told_once_each(reach: Reach, caplog: pytest.LogCaptureFixture) -> None:
    slow = SinkUnavailable("kafka a:9092: no answer in time")
    for problem in (AWAY, slow, AWAY, slow, None, AWAY):
        reach.reached(problem)
    told = [f"{each}; records wait on disk" for each in (AWAY, slow)]
    assert caplog.messages == [*told, "kafka takes records again", told[0]]


def test_an_outage_that_lasts_is_told_again_with_what_waits(
    reach: Reach, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    reach.reached(AWAY)
    told_at = []
    for _ in range(150):
        clock.now += REMIND_EVERY_S / 50
        before = len(caplog.messages)
        reach.reached(AWAY)
        reach.remind(WAITING)
        if len(caplog.messages) > before:
            told_at.append(round(clock.now - 100))
    assert told_at == [600, 1200, 1800]
    assert caplog.messages[-1] == f"{AWAY}; so for 30 min now, 1234 records (5600000 bytes) wait on disk"
    reach.reached(None)
    clock.now += 10 * REMIND_EVERY_S
    reach.remind(WAITING)
    assert caplog.messages[-1] == "kafka takes records again"


def test_the_next_outage_begins_anew(reach: Reach, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    reach.reached(AWAY)
    clock.now += REMIND_EVERY_S - 1
    reach.reached(None)
    reach.reached(AWAY)
    clock.now += REMIND_EVERY_S - 1
    reach.remind(WAITING)
    assert len(caplog.messages) == 3


def test_a_no_before_the_first_answer_was_asked_for_is_left_to_who_asks(
    reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    reach.reached(NO)
    assert reach.first_answer(0) is NO
    assert caplog.messages == []


def test_a_no_that_comes_later_is_told(reach: Reach, caplog: pytest.LogCaptureFixture) -> None:
    reach.reached(AWAY)
    assert reach.first_answer(0) is None
    reach.reached(NO)
    assert caplog.messages[-1] == f"{NO}; records wait on disk"
