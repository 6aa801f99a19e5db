"""Keeps events and their pictures: one writer behind a bounded queue, off the event loop."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, CapacityLimiter, to_thread
from anyio.abc import TaskStatus
from sqlalchemy import URL

from detectors.store import models_in
from streamer.errors import SinkUnavailable
from streamer.storage.archive import Archive, Picture, Waiting
from streamer.storage.cursor import Cursor
from streamer.storage.impressions import Impressions
from streamer.storage.index import Entry, EventIndex
from streamer.storage.labelling import Samples
from streamer.storage.query import EventQuery, Interval
from streamer.storage.records import (
    Choices,
    EventCount,
    EventPage,
    Recovered,
    Staying,
    StoredEvent,
    StoreState,
    Told,
)
from streamer.storage.snapshots import SnapshotFolder
from streamer.storage.suggesting import StoreClassifier

if TYPE_CHECKING:
    from streamer.config.tree import StorageConfig
    from streamer.event import CameraEvent, Event, Parked, ZoneEvent
    from streamer.frame import Frame, Stream

log = logging.getLogger(__name__)

T = TypeVar("T")

WAITING_PICTURES: Final = 8
WAITING_EVENTS: Final = 100_000
WAITING_TROUBLES: Final = 10_000
WAITING_MOVES: Final = 100_000
RETRY_S: Final = 1.0
PRUNE_EVERY_S: Final = 60.0
FLUSH_S: Final = 1.5
WRITTEN_S: Final = 1.0
MOST_PER_PAGE: Final = 1000


class EventStore:
    """Events in SQL, their pictures as files.

    What waits to be written is bounded. Of an event only the latest state and the latest picture wait;
    pictures that a better one follows at once are left out. When ``WAITING_PICTURES`` wait, ``save`` waits.
    While the disk is full pictures are left out and events wait in memory, ``WAITING_EVENTS`` of them;
    beyond that the oldest is lost, which is logged. Of cameras' troubles the last ``WAITING_TROUBLES`` wait,
    and of what happens in zones the last ``WAITING_MOVES``.

    Attributes:
        samples: pictures that a person may label.
    """

    def __init__(
        self, data: Path, config: StorageConfig, url: str | None = None, *, cameras: Sequence[str] = ()
    ) -> None:
        """
        Args:
            data: folder of everything that is kept.
            config: how much is kept.
            cameras: names of those that run; events of what is parked there go on over a restart.
            url: of the index (SQLAlchemy); a SQLite file in the data folder unless said.
        """
        self._config = config
        self._cameras = tuple(cameras)
        index = EventIndex(url or URL.create("sqlite", database=str(data / "events.db")))
        self._archive = Archive(data, index, SnapshotFolder(data, config.jpeg_quality))
        suggesting = StoreClassifier(
            models_in(data), lambda: {each.name for each in self._archive.samples.classes()}
        )
        self._impressions = Impressions(data, index, suggesting)
        self._one_at_a_time = CapacityLimiter(1)
        self.samples = Samples(self._archive, self._one_at_a_time)
        self._entries: dict[str, Entry] = {}
        self._pictures: dict[str, Picture] = {}
        self._parked: dict[str, tuple[Parked, ...]] = {}
        self._troubles: deque[CameraEvent] = deque(maxlen=WAITING_TROUBLES)
        self._moves: deque[ZoneEvent] = deque(maxlen=WAITING_MOVES)
        self._work = anyio.Event()
        self._space = anyio.Event()
        self._wrote = anyio.Event()
        self._no_events: str | None = None
        self._no_pictures: str | None = None
        self._events_under_way = 0
        self._pictures_under_way = 0
        self._replaced = 0
        self._left_out = 0

    @property
    def state(self) -> StoreState:
        """Whether pictures are kept, and what waits."""
        reason = self._no_events or self._no_pictures
        return StoreState(
            snapshots="writing" if reason is None else "paused",
            reason=reason,
            waiting_events=len(self._entries) + self._events_under_way,
            waiting_pictures=len(self._pictures) + self._pictures_under_way,
            replaced=self._replaced,
            left_out=self._left_out,
        )

    async def run(self, *, task_status: TaskStatus[Recovered] = TASK_STATUS_IGNORED) -> None:
        """Write until cancelled, then write what waits.

        It is ready, with what the last process had left open, once the folder is open; SinkUnavailable when
        that cannot be.
        """
        try:
            task_status.started(await self._alone(lambda: self._archive.open(self._cameras)))
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._prune_regularly)
                    tasks.start_soon(self._impressions.run)
                    await self._write_forever()
            finally:
                with anyio.move_on_after(FLUSH_S, shield=True):
                    await self._flush()
        finally:
            with CancelScope(shield=True):
                await self._alone(self._archive.close)

    async def save(self, frame: Frame | None, event: Event) -> None:
        """Take an event, and the frame it is published with as its best picture (not at its end)."""
        self.record(event, frame)
        if frame is not None and event.phase != "end" and event.pictured:
            await self.keep(frame, event)

    def record(self, event: Event, frame: Frame | None) -> None:
        """Take an event, whose object was seen in that frame; the picture that is kept of it stays."""
        seen_at = event.ended_at or (event.started_at if frame is None else frame.captured_at)
        size = None if frame is None else (frame.width, frame.height)
        if size is None and (waiting_entry := self._entries.get(event.id)) is not None:
            size = waiting_entry.size
        self._entries[event.id] = Entry(event, max(seen_at, event.started_at), size)
        self._work.set()
        if (waiting := self._pictures.get(event.id)) is not None:
            self._pictures[event.id] = replace(waiting, event=replace(waiting.event, label=event.label))

    async def keep(self, frame: Frame, event: Event, stream: Stream | None = None) -> None:
        """Take a frame as the picture of an event that is recorded; the box is in the frame's pixels."""
        if event.snapshot is not None:
            await self._take_picture(Picture(frame, event, event.snapshot, stream))

    def park(self, camera: str, parked: Sequence[Parked]) -> None:
        """Take all that is parked at a camera; written together with the events that were saved before."""
        self._parked[camera] = tuple(parked)
        self._work.set()

    def move(self, event: ZoneEvent) -> None:
        """Take that somebody entered or left a zone."""
        self._moves.append(event)
        self._work.set()

    def trouble(self, event: CameraEvent) -> None:
        """Take what befell a camera."""
        self._troubles.append(event)
        self._work.set()

    async def _take_picture(self, picture: Picture) -> None:
        each = picture.event.id
        while each not in self._pictures and len(self._pictures) >= WAITING_PICTURES and not self._no_events:
            await self._space.wait()
        if self._no_events:
            # Nobody waits for a disk on which not even rows fit.
            self._left_out += 1
            return
        self._replaced += each in self._pictures
        self._pictures[each] = picture
        self._work.set()

    async def events(
        self,
        camera: str | None = None,
        label: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        cameras: frozenset[str] | None = None,
    ) -> EventPage:
        """Events, newest first, of these cameras only where they are said; ValueError for a limit or a cursor
        that cannot be."""
        return await self.choose(EventQuery(camera, label, limit, cameras=cameras), cursor)

    async def choose(self, query: EventQuery, cursor: str | None = None) -> EventPage:
        """Events that fit, newest first; ValueError for a limit or a cursor that cannot be."""
        _require(query.limit)
        after = None if cursor is None else Cursor.decode(cursor)
        return await to_thread.run_sync(self._archive.page, replace(query, after=after))

    async def find(self, event_id: str) -> StoredEvent | None:
        """One event; what has been told is found."""
        if event_id in self._entries or self._events_under_way:
            await self.written()
        return await to_thread.run_sync(self._archive.find, event_id)

    async def choices(self) -> Choices:
        """What there are events of."""
        return await to_thread.run_sync(self._archive.choices)

    async def cameras(self) -> frozenset[str]:
        """The names of all cameras that there are events of."""
        return await to_thread.run_sync(self._archive.cameras)

    async def agree(self, recovered: Recovered, told: Mapping[str, datetime]) -> Recovered:
        """What the last process had left open, but for events whose ends it had told elsewhere.

        It told the store last: killed in between, the store does not know of the end.

        Args:
            recovered: what `run` found.
            told: when those events ended, by id; UTC.
        """
        parked = [each.event.id for of in recovered.parked.values() for each in of if each.event.id in told]
        late = [each.id for each in recovered.ended if told.get(each.id, each.ended_at) != each.ended_at]
        if not parked and not late:
            return recovered
        await self._alone(lambda: self._archive.end_at({each: told[each] for each in (*parked, *late)}))
        found = [await self.find(each) for each in parked]
        return recovered.ended_as(told, tuple(each for each in found if each is not None))

    async def ended_at(self, ids: Sequence[str]) -> dict[str, datetime]:
        """When these events ended, of those that are kept and have."""
        return await self._alone(lambda: self._archive.ended_at(ids))

    async def troubles(self, camera: str, limit: int = 50) -> tuple[CameraEvent, ...]:
        """What befell a camera, newest first, as far as it is on disk; ValueError as for ``events``."""
        _require(limit)
        return await to_thread.run_sync(self._archive.troubles, camera, limit)

    async def count(self, query: EventQuery, interval: Interval) -> tuple[EventCount, ...]:
        """How many events that fit began in each interval of UTC, by camera and label; oldest first."""
        return await to_thread.run_sync(self._archive.count, query, interval)

    async def told_since(self, moment: datetime, query: EventQuery) -> Told:
        """Events of which a phase was told from that moment on, in the order of their last ones: the last of
        those that fit."""
        _require(query.limit)
        await self.written()
        return await to_thread.run_sync(self._archive.told_since, moment, query)

    async def staying(self, event: StoredEvent) -> tuple[Staying, ...]:
        """The zones that an event's object is in, as far as it is on disk."""
        return await to_thread.run_sync(self._archive.staying, event)

    async def label(self, event_id: str, label: str | None) -> bool:
        """Keep what a person says the object is; its pictures are never deleted. False: no such event."""
        return await self._alone(lambda: self._archive.label(event_id, label))

    async def delete(self, event_id: str) -> bool:
        """Delete an event that has ended, and its pictures; False: no such event, StillOpen: it goes on."""
        return await self._alone(lambda: self._archive.delete(event_id))

    async def written(self) -> None:
        """Waits until nothing waits to be written, but not for a disk that takes nothing, nor for long."""
        with anyio.move_on_after(WRITTEN_S):
            while (self._entries or self._events_under_way) and not self._no_events:
                await self._wrote.wait()

    async def prune(self, days: float, limit_bytes: int) -> None:
        """Delete the oldest events and pictures, but none that a person labelled.

        Args:
            days: events that began earlier are deleted with their pictures, and so are troubles.
            limit_bytes: size that the pictures may have; the oldest are deleted, their events stay.
        """
        moment = datetime.now(UTC) - timedelta(days=days)
        await self._alone(self._archive.mend)
        while await self._alone(lambda: self._archive.prune_older(moment)):
            pass
        while await self._alone(lambda: self._archive.prune_above(limit_bytes)):
            pass

    async def _prune_regularly(self) -> None:
        while True:
            try:
                await self.prune(self._config.days, self._config.bytes)
            except SinkUnavailable as error:
                log.warning("old events stay for now: %s", error)
            await anyio.sleep(PRUNE_EVERY_S)

    async def _write_forever(self) -> None:
        while True:
            await self._work.wait()
            self._work = anyio.Event()
            if not await self._write_waiting():
                await anyio.sleep(RETRY_S)
                self._work.set()

    async def _flush(self) -> None:
        while (
            self._entries or self._parked or self._troubles or self._moves
        ) and not await self._write_waiting():
            await anyio.sleep(RETRY_S)

    async def _write_waiting(self) -> bool:
        """Write all that waits; False when the events could not be written and wait again."""
        entries, self._entries = self._entries, {}
        pictures, self._pictures = self._pictures, {}
        parked, self._parked = self._parked, {}
        troubles, self._troubles = self._troubles, deque(maxlen=WAITING_TROUBLES)
        moves, self._moves = self._moves, deque(maxlen=WAITING_MOVES)
        self._events_under_way, self._pictures_under_way = len(entries), len(pictures)
        self._space.set()
        self._space = anyio.Event()
        try:
            # Shielded: what was taken from the queue is written or put back, whatever happens.
            with CancelScope(shield=True):
                waiting = Waiting(entries, pictures, parked, troubles, moves)
                outcome = await self._alone(lambda: self._archive.write(waiting))
        except SinkUnavailable as error:
            self._put_back(entries)
            self._parked = parked | self._parked
            self._troubles = deque((*troubles, *self._troubles), WAITING_TROUBLES)
            self._moves = deque((*moves, *self._moves), WAITING_MOVES)
            self._left_out += len(pictures) + len(self._pictures)
            self._pictures.clear()
            self._tell(str(error), self._no_pictures)
            self._space.set()
            return False
        finally:
            self._events_under_way = self._pictures_under_way = 0
            self._wrote.set()
            self._wrote = anyio.Event()
        self._left_out += outcome.left_out
        self._tell(None, outcome.reason if pictures else self._no_pictures)
        self._impressions.wake()
        return True

    def _put_back(self, entries: dict[str, Entry]) -> None:
        waiting = entries | self._entries
        for oldest in list(waiting)[: max(len(waiting) - WAITING_EVENTS, 0)]:
            log.error("event %s is lost: %d others wait for the disk", oldest, WAITING_EVENTS)
            del waiting[oldest]
        self._entries = waiting

    def _tell(self, no_events: str | None, no_pictures: str | None) -> None:
        before = self.state.reason
        self._no_events, self._no_pictures = no_events, no_pictures
        after = self.state.reason
        if before is None and after is not None:
            log.warning("snapshots pause: %s", after)
        elif before is not None and after is None:
            log.info("snapshots are kept again")

    async def _alone(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._one_at_a_time)


def _require(limit: int) -> None:
    if not 1 <= limit <= MOST_PER_PAGE:
        raise ValueError(f"expected a limit from 1 to {MOST_PER_PAGE}, received {limit}")
