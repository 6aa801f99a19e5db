"""The rows that say which zones an event's object has entered: what they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.engine import Connection

from streamer.event import Event
from streamer.storage.schema import EVENT_ZONES, EVENTS

AT_ONCE: Final = 1000


def add_zones(connection: Connection, event: Event) -> None:
    """All zones that the object of an event has entered so far; they only become more."""
    if not event.zones:
        return
    rows = EVENT_ZONES.c.id == event.id
    other_label = rows, EVENT_ZONES.c.label != event.label
    connection.execute(update(EVENT_ZONES).where(*other_label).values(label=event.label))
    known = connection.execute(select(EVENT_ZONES.c.zone).where(rows)).scalars()
    for zone in {*event.zones} - {*known}:
        connection.execute(insert(EVENT_ZONES).values(_row(event, zone)))


def forget_zones(connection: Connection, events: Sequence[str]) -> None:
    connection.execute(delete(EVENT_ZONES).where(EVENT_ZONES.c.id.in_(events)))


def fill_zones(connection: Connection) -> None:
    """Make the rows of an index that had none of them."""
    events = connection.execute(select(EVENTS))
    for part in events.partitions(AT_ONCE):
        if entered := [_row(event, zone) for event in part for zone in {*event.zones}]:
            connection.execute(insert(EVENT_ZONES), entered)


def _row(event: Event | Row[Any], zone: str) -> dict[str, Any]:
    return {
        "id": event.id,
        "zone": zone,
        "camera": event.camera,
        "label": event.label,
        "started_at": event.started_at,
    }
