"""The index of events in SQL; every call blocks, so it is made from a worker thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Select,
    and_,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from streamer.errors import SinkUnavailable
from streamer.storage.cursor import Cursor
from streamer.storage.parking import ParkedAt, keep_parked, replace_parked
from streamer.storage.query import EventQuery, Interval, count, newest
from streamer.storage.records import Choices, EventCount, EventPage, Staying, StoredEvent, Told
from streamer.storage.rows import event_row, stored_event
from streamer.storage.schema import EVENT_ZONES, EVENTS, IMPRESSIONS, PARKED, make_tables
from streamer.storage.stays import end_stays, move, staying
from streamer.storage.telling import told_since
from streamer.storage.troubles import add_troubles, forget_troubles, latest_troubles
from streamer.storage.zones import add_zones, fill_zones, forget_zones

if TYPE_CHECKING:
    from streamer.event import CameraEvent, Event, Parked, ZoneEvent

LOCK_TIMEOUT_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it enters the index, when its object was seen last, and the size of its pictures."""

    event: Event
    seen_at: datetime
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of one event on disk; ``bytes`` is None where there are none."""

    id: str
    snapshot: str
    bytes: int | None


class EventIndex:
    """Rows of events. A database that does not answer, or is full, raises SinkUnavailable."""

    def __init__(self, url: str | URL) -> None:
        self._url = make_url(url)
        self._engine: Engine | None = None

    def open(self) -> None:
        """Connect, and make the tables and columns that are missing."""
        with self._translated():
            self._engine = create_engine(self._url)
            if self._url.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _tune_sqlite)
            with self._engine.begin() as connection:
                if self._url.get_backend_name() == "sqlite":
                    # Else each new table is there at once, also where the rest fails.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                if make_tables(connection):
                    fill_zones(connection)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def record(
        self,
        entries: Sequence[Entry],
        parked: ParkedAt,
        troubles: Sequence[CameraEvent] = (),
        moves: Sequence[ZoneEvent] = (),
    ) -> tuple[Event, ...]:
        """Insert or update these events, replace what is parked at these cameras, add the rest: all or none.

        Returns:
            The events that had another label before.
        """
        relabelled: list[Event] = []
        now = datetime.now(UTC)
        with self.begin() as connection:
            for entry in entries:
                values = event_row(entry.event, entry.seen_at, entry.size) | {"told_at": now}
                add_zones(connection, entry.event)
                row = EVENTS.c.id == entry.event.id
                label = connection.execute(select(EVENTS.c.label).where(row)).scalar_one_or_none()
                if label is None:
                    connection.execute(insert(EVENTS).values(values))
                    continue
                connection.execute(update(EVENTS).where(row).values(values))
                if label != entry.event.label:
                    relabelled.append(entry.event)
            if parked:
                replace_parked(connection, parked)
            add_troubles(connection, troubles)
            move(connection, moves)
        return tuple(relabelled)

    def unsettle(self, ids: Sequence[str]) -> frozenset[str]:
        """Announce that the files of these events change, so that a crash meanwhile is mended.

        Returns:
            Those whose files may change; the others are gone, or labelled by a person.
        """
        with self.begin() as connection:
            free = and_(EVENTS.c.id.in_(ids), EVENTS.c.human_label.is_(None))
            connection.execute(update(EVENTS).where(free).values(unsettled=True))
            return frozenset(connection.execute(select(EVENTS.c.id).where(free)).scalars())

    def settle(self, kept: Sequence[Kept]) -> None:
        """Say what lies on disk."""
        with self.begin() as connection:
            for each in kept:
                snapshot = None if each.bytes is None else each.snapshot
                values = {"snapshot": snapshot, "bytes": each.bytes or 0, "unsettled": False}
                connection.execute(update(EVENTS).where(EVENTS.c.id == each.id).values(values))

    def parked(self, cameras: Sequence[str]) -> dict[str, tuple[Parked, ...]]:
        """What was parked at these cameras when the last process ended, by camera; the rest is forgotten."""
        with self.begin() as connection:
            return keep_parked(connection, cameras)

    def end_unfinished(self) -> tuple[tuple[StoredEvent, ...], tuple[ZoneEvent, ...]]:
        """End the events and the stays that a crash left open when they were seen last, and return them.

        Those of parked objects go on.
        """
        open_ones = and_(EVENTS.c.ended_at.is_(None), EVENTS.c.id.not_in(select(PARKED.c.event)))
        with self.begin() as connection:
            ids = list(connection.execute(select(EVENTS.c.id).where(open_ones)).scalars())
            connection.execute(
                update(EVENTS).where(open_ones).values(ended_at=EVENTS.c.seen_at, told_at=datetime.now(UTC))
            )
            rows = connection.execute(select(EVENTS).where(EVENTS.c.id.in_(ids)).order_by(EVENTS.c.id))
            ended = tuple(stored_event(row) for row in rows.mappings())
            return ended, end_stays(connection, ended)

    def end_at(self, ends: Mapping[str, datetime]) -> None:
        """Say when these events ended."""
        with self.begin() as connection:
            for event, ended_at in ends.items():
                connection.execute(update(EVENTS).where(EVENTS.c.id == event).values(ended_at=ended_at))

    def ended_at(self, ids: Sequence[str]) -> dict[str, datetime]:
        """When these events ended, of those that are kept and have."""
        chosen = select(EVENTS.c.id, EVENTS.c.ended_at).where(
            EVENTS.c.id.in_(ids), EVENTS.c.ended_at.is_not(None)
        )
        with self.begin() as connection:
            return {row.id: row.ended_at for row in connection.execute(chosen)}

    def unsettled(self) -> tuple[StoredEvent, ...]:
        """The events whose files were being changed when the process died."""
        return self._rows(select(EVENTS).where(EVENTS.c.unsettled))

    def page(self, query: EventQuery) -> EventPage:
        """Events, newest first."""
        with self.begin() as connection:
            found = newest(connection, query)
            rows = connection.execute(select(EVENTS).where(EVENTS.c.id.in_(found[: query.limit])))
            events = {row["id"]: stored_event(row) for row in rows.mappings()}
        items = tuple(events[each] for each in found[: query.limit])
        more = len(found) > query.limit
        return EventPage(items, Cursor(items[-1].started_at, items[-1].id).encode() if more else None)

    def find(self, event_id: str) -> StoredEvent | None:
        """One event."""
        found = self._rows(select(EVENTS).where(EVENTS.c.id == event_id))
        return found[0] if found else None

    def choices(self) -> Choices:
        """What there are events of."""
        with self.begin() as connection:

            def distinct(column: Column[Any]) -> list[Any]:
                return list(connection.execute(select(column).distinct()).scalars())

            return Choices(
                cameras=tuple(sorted(distinct(EVENTS.c.camera))),
                labels=tuple(sorted(distinct(EVENTS.c.label))),
                zones=tuple(sorted(distinct(EVENT_ZONES.c.zone))),
            )

    def count(self, query: EventQuery, interval: Interval) -> tuple[EventCount, ...]:
        """How many events that fit began in each interval."""
        with self.begin() as connection:
            return count(connection, query, interval)

    def told_since(self, moment: datetime, query: EventQuery) -> Told:
        """Events of which a phase was told from that moment on, in the order of their last ones."""
        with self.begin() as connection:
            return told_since(connection, moment, query)

    def staying(self, event: StoredEvent) -> tuple[Staying, ...]:
        """The zones that an event's object is in."""
        with self.begin() as connection:
            return staying(connection, event)

    def troubles(self, camera: str, limit: int) -> tuple[CameraEvent, ...]:
        """What befell a camera last, newest first."""
        with self.begin() as connection:
            return latest_troubles(connection, camera, limit)

    def forget_troubles(self, moment: datetime) -> None:
        """Delete those that began before that moment."""
        with self.begin() as connection:
            forget_troubles(connection, moment)

    def cameras(self) -> frozenset[str]:
        """The names of all cameras that there are events of."""
        with self.begin() as connection:
            return frozenset(connection.execute(select(EVENTS.c.camera).distinct()).scalars())

    def older(self, moment: datetime, limit: int) -> tuple[StoredEvent, ...]:
        """Finished events that nobody labelled and that began before that moment, oldest first."""
        return self._rows(_unlabelled().where(EVENTS.c.started_at < moment).limit(limit))

    def oldest_pictured(self, limit: int) -> tuple[StoredEvent, ...]:
        """Finished events with pictures that nobody labelled, oldest first."""
        return self._rows(_unlabelled().where(EVENTS.c.bytes > 0).limit(limit))

    def bytes(self) -> int:
        """The size of all pictures of events."""
        with self.begin() as connection:
            return int(connection.execute(select(func.coalesce(func.sum(EVENTS.c.bytes), 0))).scalar_one())

    def forget(self, ids: Sequence[str]) -> None:
        """Delete these rows."""
        with self.begin() as connection:
            connection.execute(delete(EVENTS).where(EVENTS.c.id.in_(ids)))
            connection.execute(delete(IMPRESSIONS).where(IMPRESSIONS.c.id.in_(ids)))
            forget_zones(connection, ids)

    def change_files(self, event_id: str) -> None:
        """As ``unsettle``, also of an event that a person labelled."""
        with self.begin() as connection:
            connection.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(unsettled=True))

    def label(self, event_id: str, label: str | None) -> StoredEvent | None:
        """Keep what a person says the object is, or nothing; None when there is no such event."""
        row = EVENTS.c.id == event_id
        with self.begin() as connection:
            connection.execute(update(EVENTS).where(row).values(human_label=label))
            found = connection.execute(select(EVENTS).where(row)).mappings().one_or_none()
            return None if found is None else stored_event(found)

    def _rows(self, statement: Select[Any]) -> tuple[StoredEvent, ...]:
        with self.begin() as connection:
            return tuple(stored_event(row) for row in connection.execute(statement).mappings())

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; it is taken back where something fails in it."""
        assert self._engine is not None
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            place = (
                self._url.database
                if self._url.get_backend_name() == "sqlite"
                else self._url.render_as_string()
            )
            raise SinkUnavailable(f"event index {place}: {reason}") from error


def _tune_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={LOCK_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _unlabelled() -> Select[Any]:
    finished = and_(EVENTS.c.human_label.is_(None), EVENTS.c.ended_at.is_not(None))
    return select(EVENTS).where(finished).order_by(EVENTS.c.started_at, EVENTS.c.id)
