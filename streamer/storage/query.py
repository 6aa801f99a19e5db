"""Which events are asked for, as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, exists, func, or_, select
from sqlalchemy.engine import Connection

from streamer.storage.cursor import Cursor
from streamer.storage.records import EventCount
from streamer.storage.schema import EVENT_ZONES, EVENTS

Interval: TypeAlias = Literal["hour", "day"]

LABELS: Final = ("label", "sub_label", "human_label")
_OPEN: Final = EVENTS.alias()
DIGITS: Final[dict[Interval, int]] = {"hour": len("2026-03-01 12"), "day": len("2026-03-01")}
"""So much of a time's text is the same throughout an interval."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are meant; what is None does not matter.

    Attributes:
        camera: where it was seen.
        label: what the model, a classifier or a person says that it is.
        limit: how many, at most.
        after: older ones than this.
        cameras: those that may be seen.
        zone: which it has entered.
        since, until: it began at this time or later, and before that one.
        is_open: whether it goes on.
    """

    camera: str | None = None
    label: str | None = None
    limit: int = 50
    after: Cursor | None = None
    cameras: frozenset[str] | None = None
    zone: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_open: bool | None = None


def newest(connection: Connection, query: EventQuery) -> list[str]:
    """The ids of the newest events that fit, newest first; of one more than asked for, where there is one.

    An index has the newest events of one camera and of one label in order, not those of several: they are
    asked for one after the other.
    """
    columns = (None,) if query.label is None else LABELS
    found = {
        (row.started_at, row.id)
        for camera in _cameras(query)
        for column in columns
        for row in connection.execute(_newest(query, camera, column).limit(query.limit + 1))
    }
    return [each for _, each in sorted(found, reverse=True)[: query.limit + 1]]


def count(connection: Connection, query: EventQuery, interval: Interval) -> tuple[EventCount, ...]:
    """How many events that fit began in each interval of UTC, by camera and label; oldest first."""
    begun = func.substr(cast(EVENTS.c.started_at, Text), 1, DIGITS[interval])
    columns = begun.label("begun"), EVENTS.c.camera, EVENTS.c.label
    chosen = select(*columns, func.count().label("number")).where(*_in_time(query, EVENTS), *_state(query))
    if (cameras := _cameras(query)) != [None]:
        chosen = chosen.where(EVENTS.c.camera.in_(cameras))
    if query.label is not None:
        chosen = chosen.where(or_(*(EVENTS.c[column] == query.label for column in LABELS)))
    if query.zone is not None:
        in_zone = EVENT_ZONES.c.zone == query.zone, *_in_time(query, EVENT_ZONES)
        chosen = chosen.where(EVENTS.c.id.in_(select(EVENT_ZONES.c.id).where(*in_zone)))
    rows = connection.execute(chosen.group_by(*columns).order_by(*columns))
    return tuple(EventCount(_time(row.begun), row.camera, row.label, row.number) for row in rows)


def _cameras(query: EventQuery) -> Sequence[str | None]:
    """Those that fit; None stands for all of them."""
    if query.cameras is None or query.camera in query.cameras:
        return [query.camera]
    return sorted(query.cameras) if query.camera is None else []


def _newest(query: EventQuery, camera: str | None, column: str | None) -> Select[Any]:
    """Those of one camera, by one of the labels; in the table whose index finds them."""
    by_zone = query.zone is not None and column in (None, "label") and not query.is_open
    table = EVENT_ZONES if by_zone else EVENTS
    chosen = select(table.c.started_at, table.c.id).where(*_in_time(query, table), *_state(query, table))
    if camera is not None:
        chosen = chosen.where(table.c.camera == camera)
    if column is not None:
        chosen = chosen.where(table.c[column] == query.label)
    if by_zone:
        chosen = chosen.where(EVENT_ZONES.c.zone == query.zone)
    elif query.zone is not None:
        here = EVENT_ZONES.c.id == EVENTS.c.id, EVENT_ZONES.c.zone == query.zone
        chosen = chosen.where(exists().where(*here))
    return chosen.order_by(table.c.started_at.desc(), table.c.id.desc())


def _in_time(query: EventQuery, table: Table) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield table.c.started_at >= query.since
    if query.until is not None:
        yield table.c.started_at < query.until
    if query.after is not None:
        older = table.c.started_at < query.after.started_at
        same = and_(table.c.started_at == query.after.started_at, table.c.id < query.after.id)
        # The first half alone is what an index understands.
        yield and_(table.c.started_at <= query.after.started_at, or_(older, same))


def _state(query: EventQuery, table: Table = EVENTS) -> Iterator[ColumnElement[bool]]:
    # Few events go on.
    if query.is_open:
        yield EVENTS.c.ended_at.is_(None)
    elif query.is_open is False:
        yield table.c.id.not_in(select(_OPEN.c.id).where(_OPEN.c.ended_at.is_(None)))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
