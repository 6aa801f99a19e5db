"""What waits in memory and on disk leaves in the order in which it came, once, whatever the interleaving."""

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.delivery.backlog import Backlog, Room
from streamer.kafka.message import Message, Queued
from tests.kafka.waiting import message


class Shelf:
    """Numbered messages in the order in which they were put there."""

    def __init__(self) -> None:
        self.messages: list[Queued] = []

    def append(self, messages: Sequence[Message]) -> list[Queued]:
        taken = [Queued(each, len(self.messages) + n) for n, each in enumerate(messages, 1)]
        self.messages += taken
        return taken

    def read(self, after: int, count: int) -> list[Queued]:
        return [each for each in self.messages if (each.number or 0) > after][:count]


def step() -> st.SearchStrategy[tuple[str, int]]:
    return st.tuples(st.sampled_from(["passing", "lasting", "take"]), st.integers(1, 5))


def fill(backlog: Backlog, shelf: Shelf, kind: str, count: int) -> list[Message]:
    """What the journal does with messages."""
    came = [message("event" if kind == "lasting" else "detections") for _ in range(count)]
    for each in came:
        if kind == "lasting" or not backlog.offer(each):
            backlog.stored(shelf.append([each]))
    return came


@given(st.lists(step(), max_size=60), st.integers(1, 4))
def test_messages_leave_in_the_order_in_which_they_came(steps: list[tuple[str, int]], room: int) -> None:
    shelf = Shelf()
    backlog = Backlog(shelf, Room(count=room))
    came: list[Message] = []
    left: list[Message] = []
    for kind, count in steps:
        if kind == "take":
            left += [each.message for each in backlog.take(count, 0)]
        else:
            came += fill(backlog, shelf, kind, count)
    while backlog.waiting:
        left += [each.message for each in backlog.take(100, 0)]
    assert [each.id for each in left] == [each.id for each in came]


@given(st.integers(0, 5), st.integers(0, 5))
def test_what_an_earlier_process_left_goes_first(before: int, after: int) -> None:
    shelf = Shelf()
    old = shelf.append([message() for _ in range(before)])
    backlog = Backlog(shelf)
    backlog.resume()
    new = fill(backlog, shelf, "passing", after)
    left = []
    while backlog.waiting:
        left += backlog.take(2, 0)
    assert [each.message.id for each in left] == [each.message.id for each in old] + [m.id for m in new]


def test_while_brokers_are_away_everything_goes_to_disk_and_stays_in_order() -> None:
    shelf = Shelf()
    backlog = Backlog(shelf)
    came = fill(backlog, shelf, "passing", 1)
    backlog.brokers_away(True)
    came += fill(backlog, shelf, "passing", 2)
    came += fill(backlog, shelf, "lasting", 1)
    assert len(shelf.messages) == 3
    backlog.brokers_away(False)
    came += fill(backlog, shelf, "passing", 1)
    left = []
    while backlog.waiting:
        left += [each.message.id for each in backlog.take(1, 0)]
    assert left == [each.id for each in came]
    assert backlog.offer(message())


def test_too_large_for_memory_goes_to_disk() -> None:
    backlog = Backlog(Shelf(), Room(size=1000))
    assert backlog.offer(message(value=b"x" * 500))
    assert not backlog.offer(message(value=b"x" * 500))


def test_what_is_left_only_in_memory_is_handed_back() -> None:
    shelf = Shelf()
    backlog = Backlog(shelf)
    passing = fill(backlog, shelf, "passing", 2)
    fill(backlog, shelf, "lasting", 1)
    assert backlog.close() == passing
    assert backlog.take(1, 5) == []


@pytest.mark.parametrize("room", [1, 7, 1000])
def test_two_threads_lose_nothing(room: int) -> None:
    shelf = Shelf()
    backlog = Backlog(shelf, Room(count=room))
    came: list[Message] = []
    left: list[Message] = []

    def produce() -> None:
        for n in range(1500):
            came.extend(fill(backlog, shelf, "lasting" if n % 3 else "passing", 1))

    producer = threading.Thread(target=produce)
    producer.start()
    while producer.is_alive() or backlog.waiting:
        left += [each.message for each in backlog.take(3, 0.001)]
    producer.join()
    assert [each.id for each in left] == [each.id for each in came]
