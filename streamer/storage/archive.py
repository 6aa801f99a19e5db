"""The index and the pictures of one data folder, kept in agreement; every call blocks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.errors import SinkUnavailable, StreamerError
from streamer.event import snapshot_path
from streamer.storage.index import Entry, EventIndex, Kept
from streamer.storage.parking import ParkedAt
from streamer.storage.query import EventQuery, Interval
from streamer.storage.records import Choices, EventCount, EventPage, Recovered, Staying, StoredEvent, Told
from streamer.storage.shelf import Shelf, Stored
from streamer.storage.snapshots import SnapshotFolder

if TYPE_CHECKING:
    from streamer.event import CameraEvent, Event, ZoneEvent
    from streamer.frame import Frame, Stream

LOCK_NAME: Final = ".lock"
AT_ONCE: Final = 200
"""Events pruned by one call, so that a writer never waits for long."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The frame that shows an event's object best so far; the event's box is in its pixels."""

    frame: Frame
    event: Event
    snapshot: str
    stream: Stream | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """What is to be written: events and pictures by the event's id, parked objects by camera, the rest."""

    entries: Mapping[str, Entry]
    pictures: Mapping[str, Picture]
    parked: ParkedAt
    troubles: Sequence[CameraEvent] = ()
    moves: Sequence[ZoneEvent] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How writing pictures went: how many were left out, and why (None: none was)."""

    left_out: int = 0
    reason: str | None = None


class StillOpen(StreamerError):
    """An event that goes on cannot be deleted: its next phase would bring it back."""


class Archive:
    """What is on disk; whatever cannot be reached or written raises SinkUnavailable.

    The row of an event says before its files change that they will, so that after a crash only such
    events are compared with the disk.

    Attributes:
        samples: the pictures that were collected beside those of events.
    """

    def __init__(self, data: Path, index: EventIndex, snapshots: SnapshotFolder) -> None:
        self._data = data
        self._index = index
        self._snapshots = snapshots
        self.samples = Shelf(index, snapshots)
        self._lock: int | None = None

    def open(self, cameras: Sequence[str]) -> Recovered:
        """Take the folder, mend what a crash left, and say what is open: parked objects, ended events.

        Args:
            cameras: names of those whose parked objects go on.
        """
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SinkUnavailable(f"{self._data}: is in use by another process") from error
        except OSError as error:
            raise SinkUnavailable(f"{self._data}: {os.strerror(error.errno or 0)}") from error
        self._index.open()
        self.mend()
        parked = self._index.parked(cameras)
        return Recovered(parked, *self._index.end_unfinished())

    def close(self) -> None:
        """Let go of the folder."""
        self._index.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, waiting: Waiting) -> Outcome:
        """Keep these events, all or none, and as many of their pictures as the disk takes."""
        pictures = list(waiting.pictures.values())
        relabelled: tuple[Event, ...] = ()
        if waiting.entries or waiting.parked or waiting.troubles or waiting.moves:
            relabelled = self._index.record(
                list(waiting.entries.values()), waiting.parked, waiting.troubles, waiting.moves
            )
        try:
            self._snapshots.require_space()
            self._relabel(relabelled)
        except SinkUnavailable as error:
            return Outcome(len(pictures), str(error))
        return self._draw(pictures)

    def _draw(self, pictures: Sequence[Picture]) -> Outcome:
        free = self._unsettle([picture.event.id for picture in pictures])
        kept: list[Kept] = []
        reasons: list[str] = []
        for picture in pictures:
            if picture.event.id not in free:
                continue
            try:
                size: int | None = self._snapshots.write(
                    picture.snapshot, picture.frame, picture.event, picture.stream
                )
            except SinkUnavailable as error:
                reasons.append(str(error))
                size = self._snapshots.measure(picture.snapshot)
            kept.append(Kept(picture.event.id, picture.snapshot, size))
        self._index.settle(kept)
        return Outcome(len(reasons), reasons[0] if reasons else None)

    def _relabel(self, events: Sequence[Event]) -> None:
        """Write the new labels of these events beside their pictures."""
        free = self._unsettle([each.id for each in events])
        kept: list[Kept] = []
        for each in events:
            if each.id in free and each.snapshot is not None:
                self._snapshots.relabel(each.snapshot, each.label)
                kept.append(Kept(each.id, each.snapshot, self._snapshots.measure(each.snapshot)))
        self._index.settle(kept)

    def mend(self) -> None:
        """Compare with the disk the events whose files were being changed when something failed."""
        self._index.settle([self._on_disk(each) for each in self._index.unsettled()])
        self.samples.mend()

    def page(self, query: EventQuery) -> EventPage:
        """Events, newest first."""
        return self._index.page(query)

    def find(self, event_id: str) -> StoredEvent | None:
        """One event."""
        return self._index.find(event_id)

    def choices(self) -> Choices:
        """What there are events of."""
        return self._index.choices()

    def cameras(self) -> frozenset[str]:
        """The names of all cameras that there are events of."""
        return self._index.cameras()

    def end_at(self, ends: Mapping[str, datetime]) -> None:
        """Say when these events ended, by id; UTC."""
        self._index.end_at(ends)

    def ended_at(self, ids: Sequence[str]) -> dict[str, datetime]:
        """When these events ended, of those that are kept and have."""
        return self._index.ended_at(ids)

    def troubles(self, camera: str, limit: int) -> tuple[CameraEvent, ...]:
        """What befell a camera last, newest first."""
        return self._index.troubles(camera, limit)

    def count(self, query: EventQuery, interval: Interval) -> tuple[EventCount, ...]:
        """How many events that fit began in each interval."""
        return self._index.count(query, interval)

    def told_since(self, moment: datetime, query: EventQuery) -> Told:
        """Events that were told from that moment on."""
        return self._index.told_since(moment, query)

    def staying(self, event: StoredEvent) -> tuple[Staying, ...]:
        """The zones that an event's object is in."""
        return self._index.staying(event)

    def delete(self, event_id: str) -> bool:
        """Delete an event and its pictures, whoever labelled it; False where there is no such event.

        Raises:
            StillOpen: it goes on.
        """
        event = self._index.find(event_id)
        if event is None:
            return False
        if event.ended_at is None:
            raise StillOpen("this event goes on; expected one that has ended")
        self._index.change_files(event_id)
        self._snapshots.delete(event.snapshot or snapshot_path(event.camera, event.started_at, event.id))
        self._index.forget([event_id])
        return True

    def label(self, event_id: str, label: str | None) -> bool:
        """Keep what a person says the object is, or nothing; False when there is no such event."""
        event = self._index.label(event_id, label)
        if event is not None and event.snapshot is not None:
            self._snapshots.label(event.snapshot, label)
            self._index.settle([self._on_disk(event)])
        return event is not None

    def prune_older(self, moment: datetime) -> bool:
        """Delete some events that began before that moment; False when there is none left of them.

        Troubles of that time are deleted at once.
        """
        self._index.forget_troubles(moment)
        old = self._index.older(moment, AT_ONCE)
        unlabelled = self._delete_pictures(old)
        self._index.forget([each.id for each in unlabelled])
        samples = self.samples.oldest(AT_ONCE, moment)
        self.samples.discard(samples)
        return bool(old or samples)

    def prune_above(self, limit_bytes: int) -> bool:
        """Delete some of the oldest pictures, not their events; False when the rest is below that size."""
        excess = self._index.bytes() + self.samples.bytes() - limit_bytes
        if excess <= 0:
            return False
        oldest: list[StoredEvent | Stored] = [
            *self._index.oldest_pictured(AT_ONCE),
            *self.samples.oldest(AT_ONCE),
        ]
        chosen: list[StoredEvent | Stored] = []
        for each in sorted(oldest, key=lambda each: (each.began_at, each.id)):
            if excess <= 0:
                break
            chosen.append(each)
            excess -= each.bytes
        self.samples.discard([each for each in chosen if isinstance(each, Stored)])
        unlabelled = self._delete_pictures([each for each in chosen if isinstance(each, StoredEvent)])
        self._index.settle([self._on_disk(each) for each in unlabelled])
        return bool(chosen)

    def _delete_pictures(self, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Delete the pictures of these events, and return the events: all but those a person labelled."""
        free = self._unsettle([each.id for each in events if not self._is_labelled(each)])
        chosen = [each for each in events if each.id in free]
        for each in chosen:
            if each.snapshot is not None:
                self._snapshots.delete(each.snapshot)
        return chosen

    def _unsettle(self, ids: Sequence[str]) -> frozenset[str]:
        return self._index.unsettle(ids) if ids else frozenset()

    def _is_labelled(self, event: StoredEvent) -> bool:
        """Whether the sidecar holds a person's label, which may have been written by hand."""
        snapshot = None if event.snapshot is None else self._snapshots.read(event.snapshot)
        if snapshot is None or snapshot.human_label is None:
            return False
        self.label(event.id, snapshot.human_label)
        return True

    def _on_disk(self, event: StoredEvent) -> Kept:
        snapshot = event.snapshot or snapshot_path(event.camera, event.started_at, event.id)
        return Kept(event.id, snapshot, self._snapshots.measure(snapshot))
