"""While the disk takes nothing, events go out from memory in their order, and no camera waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import anyio
import pytest

from streamer.errors import SinkUnavailable
from streamer.kafka.delivery.backlog import Backlog, Room
from streamer.kafka.delivery.journal import Journal
from streamer.kafka.message import Message, Queued
from tests.kafka.waiting import message

pytestmark = pytest.mark.anyio


class FullDisk:
    """Takes nothing until there is room."""

    def __init__(self) -> None:
        self.full = True
        self.kept: list[Queued] = []

    def append(self, messages: Sequence[Message]) -> list[Queued]:
        if self.full:
            raise SinkUnavailable("the disk is full")
        first = len(self.kept) + 1
        added = [Queued(each, number) for number, each in enumerate(messages, first)]
        self.kept += added
        return added

    def trim(self, after: int) -> Mapping[str, int]:
        return {}

    def read(self, after: int, count: int) -> list[Queued]:
        return [each for each in self.kept if (each.number or 0) > after][:count]


class Lost(Counter[str]):
    def left_out(self, topic: str, reason: str, count: int = 1) -> None:
        self[reason] += count


async def test_what_finds_room_does_not_overtake_what_found_none() -> None:
    disk, lost = FullDisk(), Lost()
    small, large = message("event"), message("event", b"x" * 5000)
    backlog = Backlog(disk, Room(size=2000))
    journal = Journal(disk, backlog, lost)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(journal.run)
        await journal.keep([large, small])
        with anyio.fail_after(20):
            while journal.problem is None:
                await anyio.sleep(0.01)
        assert len(backlog) == 0
        disk.full = False
        with anyio.fail_after(20):
            while journal.problem is not None:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert [each.message for each in disk.kept] == [large, small]
    assert not lost


async def test_nobody_waits_for_a_disk_that_is_full() -> None:
    disk, lost = FullDisk(), Lost()
    backlog = Backlog(disk)
    journal = Journal(disk, backlog, lost)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(journal.run)
        first, later = message("event"), message("event")
        await journal.keep([first])
        # Until the next attempt nothing would tell it that its message was written.
        with anyio.CancelScope() as turn:
            tasks.start_soon(cancelled_at_the_next_turn, turn)
            await journal.keep([later])
        assert not turn.cancelled_caught
        with anyio.fail_after(20):
            while len(backlog) < 2:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert [each.message for each in backlog.take(2, 0)] == [first, later]


async def cancelled_at_the_next_turn(scope: anyio.CancelScope) -> None:
    scope.cancel()
