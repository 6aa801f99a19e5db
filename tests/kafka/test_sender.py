"""The sender against a connection that fails as it likes: everything arrives, nothing out of order."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import MessageRejected, SinkError, SinkRefused, SinkUnavailable
from streamer.kafka.delivery import sender as module
from streamer.kafka.delivery.backlog import Backlog
from streamer.kafka.delivery.sender import Receipt, Sender
from streamer.kafka.message import Message, Queued
from tests.kafka.waiting import message

FAULTS = ("connect", "send", "answer", "lost answer", "refuse")


class Disk:
    """Nothing waits on it; what is forgotten and put aside is kept."""

    def __init__(self) -> None:
        self.forgotten: list[Queued] = []
        self.aside: list[str] = []

    def read(self, after: int, count: int) -> list[Queued]:
        return []

    def remove(self, delivered: Sequence[Queued]) -> None:
        self.forgotten += delivered

    def keep_aside(self, message: Message, reason: str) -> None:
        self.aside.append(message.id)


class Told:
    """What the sender says of its work."""

    def __init__(self) -> None:
        self.delivered_count = 0
        self.sent_again = 0
        self.out: list[tuple[str, str]] = []
        self.problems: list[SinkError | None] = []

    def delivered(self, topic: str, seconds: float) -> None:
        assert seconds >= 0
        self.delivered_count += 1

    def retried(self, topic: str) -> None:
        self.sent_again += 1

    def left_out(self, topic: str, reason: str, count: int = 1) -> None:
        self.out.append((topic, reason))

    def reached(self, problem: SinkError | None) -> None:
        self.problems.append(problem)


class Brokers:
    """Keep what they are sent; each message in turn meets the next of the faults."""

    def __init__(self, faults: Sequence[str | None]) -> None:
        self._faults: Iterator[str | None] = iter(faults)
        self.arrived: list[Message] = []
        self.refused: set[str] = set()

    def fault(self) -> str | None:
        return next(self._faults, None)

    def connect(self) -> Link:
        if self.fault() == "connect":
            raise SinkUnavailable("nobody listens")
        return Link(self)


class Link:
    """One connection: after its first failure nothing more arrives, as the real one has it."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._broken: SinkError | None = None

    def send(self, message: Message, receipt: Receipt) -> None:
        fault = self._brokers.fault()
        if self._broken is not None:
            receipt.failed(self._broken)
        elif fault == "send":
            self._broken = SinkUnavailable("the buffer is full")
            raise self._broken
        elif fault == "answer":
            self._fail(receipt, SinkUnavailable("disconnected"))
        elif fault == "lost answer":
            self._brokers.arrived.append(message)
            self._fail(receipt, SinkUnavailable("disconnected"))
        elif fault == "refuse":
            self._brokers.refused.add(message.id)
            self._fail(receipt, MessageRejected("too large"))
        else:
            self._brokers.arrived.append(message)
            receipt.acknowledged()

    def _fail(self, receipt: Receipt, error: SinkError) -> None:
        self._broken = error
        receipt.failed(error)

    def check(self) -> None: ...

    def close(self) -> None: ...


@contextmanager
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without the pauses that are for real brokers."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "FIRST_PAUSE_S", 0.0)
        patch.setattr(module, "LONGEST_PAUSE_S", 0.0)
        patch.setattr(module, "WAIT_S", 0.005)
        patch.setattr(module, "FLUSH_S", 20.0)
        yield


def await_that(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def work_off(sender: Sender, backlog: Backlog) -> None:
    """Let it send all that waits, then end it."""
    sender.start()
    await_that(lambda: not (sender.busy or backlog.waiting))
    sender.close()


def first_seen(messages: Sequence[Message]) -> dict[bytes, list[str]]:
    """The ids of each key, in order, without what was seen before."""
    seen: dict[bytes, list[str]] = defaultdict(list)
    for each in messages:
        if each.id not in seen[each.key]:
            seen[each.key].append(each.id)
    return dict(seen)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.sampled_from([None, None, None, *FAULTS]), max_size=60),
    st.lists(st.sampled_from(["gate", "yard"]), min_size=1, max_size=25),
)
def test_everything_arrives_in_order(
    monkeypatch: pytest.MonkeyPatch, faults: list[str | None], cameras: list[str]
) -> None:
    disk, told, brokers = Disk(), Told(), Brokers(faults)
    backlog = Backlog(disk)
    messages = [message("event", camera=camera) for camera in cameras]
    backlog.stored([Queued(each, number) for number, each in enumerate(messages, 1)])
    with quick(monkeypatch):
        sender = Sender(brokers.connect, backlog, disk, told, told)
        sender.start()
        left = sender.close()
    assert left == []
    wanted = first_seen([each for each in messages if each.id not in brokers.refused])
    # What is refused may have arrived before, when only its answer was lost.
    assert first_seen([each for each in brokers.arrived if each.id not in brokers.refused]) == wanted
    assert sorted(each.number or 0 for each in disk.forgotten) == list(range(1, len(messages) + 1))
    assert set(disk.aside) == brokers.refused
    assert told.delivered_count == len(messages) - len(brokers.refused)
    assert len(told.out) == len(brokers.refused)


def test_what_is_not_acknowledged_and_only_in_memory_is_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Link):
        def send(self, message: Message, receipt: Receipt) -> None: ...

    disk, told, brokers = Disk(), Told(), Brokers([])
    backlog = Backlog(disk)
    on_disk, first, second = message("event"), message(), message()
    backlog.stored([Queued(on_disk, 1)])
    assert backlog.offer(first)
    monkeypatch.setattr(module, "FLUSH_S", 0.2)
    sender = Sender(lambda: Silent(brokers), backlog, disk, told, told)
    sender.start()
    await_that(lambda: not backlog.waiting)
    assert backlog.offer(second)
    assert sender.close() == [first, second]
    assert disk.forgotten == []


def test_a_no_of_the_brokers_is_told_until_they_say_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[SinkError | None] = iter(
        [SinkRefused("wrong password"), SinkRefused("wrong password"), None]
    )
    disk, told, brokers = Disk(), Told(), Brokers([])

    def connect() -> Link:
        problem = next(answers, None)
        if problem is not None:
            raise problem
        return Link(brokers)

    backlog = Backlog(disk)
    done = threading.Event()
    monkeypatch.setattr(told, "delivered", lambda topic, seconds: done.set())
    assert backlog.offer(message())
    with quick(monkeypatch):
        sender = Sender(connect, backlog, disk, told, told)
        sender.start()
        assert done.wait(20)
        sender.close()
    assert [None if each is None else str(each) for each in told.problems] == [
        "wrong password",
        "wrong password",
        None,
    ]


def test_what_an_earlier_connection_says_means_nothing() -> None:
    """A refusal that comes late, from a thread that was left behind, leaves no good message out."""

    class Late(Link):
        receipts: ClassVar[list[Receipt]] = []

        def send(self, message: Message, receipt: Receipt) -> None:
            if not self.receipts:
                self.receipts.append(receipt)
                raise SinkUnavailable("the buffer is full")
            self.receipts[0].failed(MessageRejected("too large"))
            super().send(message, receipt)

    disk, told, brokers = Disk(), Told(), Brokers([])
    backlog = Backlog(disk)
    only = message("event")
    backlog.stored([Queued(only, 1)])
    work_off(Sender(lambda: Late(brokers), backlog, disk, told, told), backlog)
    assert brokers.arrived == [only]
    assert told.out == []


def test_whatever_a_client_raises_it_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class Surprising(Link):
        surprises: ClassVar[list[Exception]] = [AttributeError("of nothing")]

        def send(self, message: Message, receipt: Receipt) -> None:
            if self.surprises:
                raise self.surprises.pop()
            super().send(message, receipt)

    disk, told, brokers = Disk(), Told(), Brokers([])
    backlog = Backlog(disk)
    only = message("event")
    backlog.stored([Queued(only, 1)])
    work_off(Sender(lambda: Surprising(brokers), backlog, disk, told, told), backlog)
    assert brokers.arrived == [only]
    assert "of nothing" in caplog.text


def test_brokers_that_go_after_a_refusal_are_told_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    # The first connection refuses the first message, then twice nobody listens.
    disk, told, brokers = Disk(), Told(), Brokers([None, "refuse", None, "connect", "connect"])
    backlog = Backlog(disk)
    refused, good = message("event"), message("event")
    backlog.stored([Queued(refused, 1), Queued(good, 2)])
    with quick(monkeypatch):
        sender = Sender(brokers.connect, backlog, disk, told, told)
        sender.start()
        assert sender.close() == []
    assert brokers.arrived == [good]
    assert [None if each is None else str(each) for each in told.problems] == [
        None,
        "nobody listens",
        "nobody listens",
        None,
    ]
