"""The rows of stays in zones that are not over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.engine import Connection

from streamer.event import ZoneEvent
from streamer.storage.records import Staying, StoredEvent
from streamer.storage.schema import EVENTS, PARKED, STAYS


def move(connection: Connection, moves: Sequence[ZoneEvent]) -> None:
    """Who is in which zone after these."""
    for each in moves:
        if each.change == "loitering":
            continue
        here = and_(STAYS.c.camera == each.camera, STAYS.c.zone == each.zone, STAYS.c.track == each.track)
        connection.execute(delete(STAYS).where(here))
        if each.change == "entered":
            connection.execute(
                insert(STAYS).values(
                    camera=each.camera, zone=each.zone, track=each.track, label=each.label, since=each.at
                )
            )


def staying(connection: Connection, event: StoredEvent) -> tuple[Staying, ...]:
    """The zones that the object of an event is in; none once it has ended."""
    if event.ended_at is not None:
        return ()
    here = and_(STAYS.c.camera == event.camera, STAYS.c.track == event.track)
    rows = connection.execute(select(STAYS).where(here).order_by(STAYS.c.since, STAYS.c.zone))
    return tuple(Staying(row.zone, row.since) for row in rows)


def end_stays(connection: Connection, ended: Iterable[StoredEvent]) -> tuple[ZoneEvent, ...]:
    """End the stays that a crash left open, but those of parked objects.

    Args:
        ended: the events that it left open; a stay ends with its object's event, and where there is none it
            is only known when it began.
    """
    events = {(each.camera, each.track): each for each in ended}
    parked = select(EVENTS.c.camera, EVENTS.c.track).join(PARKED, PARKED.c.event == EVENTS.c.id)
    staying = {(row.camera, row.track) for row in connection.execute(parked)}
    left: list[ZoneEvent] = []
    for row in connection.execute(select(STAYS).order_by(STAYS.c.since, STAYS.c.track)).all():
        if (row.camera, row.track) in staying:
            continue
        event = events.get((row.camera, row.track))
        at = row.since if event is None or event.ended_at is None else max(event.ended_at, row.since)
        left.append(
            ZoneEvent(
                row.camera,
                row.zone,
                "left",
                row.label,
                row.track,
                None if event is None else event.id,
                at,
                (at - row.since).total_seconds(),
            )
        )
    for each in left:
        here = and_(STAYS.c.camera == each.camera, STAYS.c.zone == each.zone, STAYS.c.track == each.track)
        connection.execute(delete(STAYS).where(here))
    return tuple(left)
