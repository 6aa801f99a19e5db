"""Brings messages to where they wait: events to disk, what may be lost to memory while that has room."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio import CapacityLimiter, to_thread

from streamer.errors import SinkUnavailable
from streamer.kafka.message import Message

if TYPE_CHECKING:
    from streamer.kafka.delivery.backlog import Backlog
    from streamer.kafka.message import Queued

log = logging.getLogger(__name__)

MOST_WAITING_BYTES: Final = 32 * 2**20
MOST_LASTING: Final = 100_000
COMMIT_S: Final = 2.0
RETRY_S: Final = 1.0
SPILL_EVERY_S: Final = 0.1
"""What nobody waits for is written many at a time."""
FLUSH_S: Final = 1.0


class Disk(Protocol):
    """What the journal needs of the spool; blocking."""

    def append(self, messages: Sequence[Message]) -> list[Queued]: ...

    def trim(self, after: int) -> Mapping[str, int]: ...


class LossObserver(Protocol):
    def left_out(self, topic: str, reason: str, count: int = 1) -> None: ...


@dataclass(slots=True, eq=False)
class Batch:
    """Messages that go to disk together, and who waits for that."""

    messages: tuple[Message, ...]
    written: anyio.Event


class Journal:
    """Writes what has to be on disk, many messages at a time, off the event loop.

    A disk that is full costs detections and frames, which are counted; events are held in memory meanwhile,
    ``MOST_LASTING`` of them, and sent from there where the brokers take them.
    """

    def __init__(self, disk: Disk, backlog: Backlog, observer: LossObserver) -> None:
        self._disk = disk
        self._backlog = backlog
        self._observer = observer
        self._waiting: list[Batch] = []
        self._size = 0
        self._passing = 0
        self._held: list[Message] = []
        self._work = anyio.Event()
        self._urgent = anyio.Event()
        self._one_at_a_time = CapacityLimiter(1)
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why nothing can be written at present."""
        return self._problem

    async def run(self) -> None:
        """Write until cancelled, then what waits."""
        try:
            while True:
                await self._work.wait()
                with anyio.move_on_after(SPILL_EVERY_S):
                    await self._urgent.wait()
                self._work, self._urgent = anyio.Event(), anyio.Event()
                # Shielded: what was taken is written, or held, whatever happens.
                with anyio.CancelScope(shield=True):
                    await self._write()
                if self._held:
                    await anyio.sleep(RETRY_S)
                    self._work.set()
        finally:
            with anyio.move_on_after(FLUSH_S, shield=True):
                await self._write()

    async def keep(self, messages: Sequence[Message]) -> None:
        """Take what has to last.

        It is on disk when this returns, unless the disk is full or takes too long: no camera waits for that.
        """
        if not messages:
            return
        batch = self._queue(messages)
        self._urgent.set()
        if self._problem is not None:
            return
        with anyio.move_on_after(COMMIT_S) as waited:
            await batch.written.wait()
        if waited.cancelled_caught:
            log.warning("the disk takes longer than %.0f s for a record; the camera goes on", COMMIT_S)

    def pass_on(self, message: Message) -> None:
        """Take what may be lost; it waits in memory or, where that is full, on disk."""
        # What still waits for the disk must not be overtaken.
        if self._passing == 0 and self._backlog.offer(message):
            return
        if self._size + message.size > MOST_WAITING_BYTES:
            self._observer.left_out(message.topic, "busy")
            return
        self._passing += 1
        self._queue((message,))

    async def store(self, messages: Sequence[Message]) -> None:
        """Put on disk what an ending process could not send."""
        if messages:
            await to_thread.run_sync(self._disk.append, messages, limiter=self._one_at_a_time)
            left_out = await to_thread.run_sync(self._disk.trim, 0, limiter=self._one_at_a_time)
            for topic, count in left_out.items():
                self._observer.left_out(topic, "full", count)

    def _queue(self, messages: Sequence[Message]) -> Batch:
        batch = Batch(tuple(messages), anyio.Event())
        self._waiting.append(batch)
        self._size += sum(message.size for message in messages)
        self._work.set()
        return batch

    async def _write(self) -> None:
        batches, self._waiting = self._waiting, []
        messages = self._held + [message for batch in batches for message in batch.messages]
        self._held = []
        try:
            if messages:
                await self._append(messages)
        finally:
            self._size = sum(message.size for batch in self._waiting for message in batch.messages)
            self._passing = sum(not m.lasting for batch in self._waiting for m in batch.messages)
            for batch in batches:
                batch.written.set()

    async def _append(self, messages: Sequence[Message]) -> None:
        try:
            queued = await to_thread.run_sync(self._disk.append, messages, limiter=self._one_at_a_time)
        except SinkUnavailable as error:
            self._hold(messages, str(error))
            return
        self._tell(None)
        self._backlog.stored(queued)
        try:
            left_out = await to_thread.run_sync(
                self._disk.trim, self._backlog.handed_out, limiter=self._one_at_a_time
            )
        except SinkUnavailable as error:
            self._tell(str(error))
            return
        for topic, count in left_out.items():
            self._observer.left_out(topic, "full", count)

    def _hold(self, messages: Sequence[Message], problem: str) -> None:
        """The disk takes nothing: send from memory what fits there, and keep what must not be lost."""
        self._tell(problem)
        # What comes behind one that finds no room would overtake it.
        rest = list(dropwhile(self._backlog.offer, messages))
        self._held = [message for message in rest if message.lasting]
        lost = Counter(message.topic for message in rest if not message.lasting)
        for message in self._held[: max(0, len(self._held) - MOST_LASTING)]:
            log.error("a record of camera %s is lost: %d others wait for the disk", message.key, MOST_LASTING)
            lost[message.topic] += 1
        self._held = self._held[-MOST_LASTING:]
        for topic, count in lost.items():
            self._observer.left_out(topic, "disk", count)

    def _tell(self, problem: str | None) -> None:
        before, self._problem = self._problem, problem
        if problem is not None and before is None:
            log.error("%s; events wait in memory", problem)
        elif problem is None and before is not None:
            log.info("the kafka spool can be written again")
