"""The rows of parked objects, beside those of their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.engine import Connection

from streamer.event import Parked
from streamer.storage.rows import parked_object, parked_row
from streamer.storage.schema import EVENTS, PARKED

ParkedAt: TypeAlias = Mapping[str, Sequence[Parked]]
"""By camera: all that is parked there."""


def replace_parked(connection: Connection, parked: ParkedAt) -> None:
    """Say anew what is parked at these cameras, and when it was last seen."""
    here = PARKED.c.camera.in_(parked)
    # What ended stays what it was.
    before = and_(EVENTS.c.id.in_(select(PARKED.c.event).where(here)), EVENTS.c.ended_at.is_(None))
    connection.execute(update(EVENTS).where(before).values(stationary=False))
    connection.execute(delete(PARKED).where(here))
    for each in (each for objects in parked.values() for each in objects):
        connection.execute(insert(PARKED).values(parked_row(each)))
        row = EVENTS.c.id == each.event.id
        connection.execute(update(EVENTS).where(row).values(seen_at=each.seen_at, stationary=True))


def keep_parked(connection: Connection, cameras: Sequence[str]) -> dict[str, tuple[Parked, ...]]:
    """What is parked at these cameras; whatever else the table holds is of no use any more and is deleted."""
    columns = (PARKED.c.place, PARKED.c.score, PARKED.c.votes, PARKED.c.stays)
    joined = select(EVENTS, *columns).join(PARKED, PARKED.c.event == EVENTS.c.id)
    usable = joined.where(EVENTS.c.ended_at.is_(None), EVENTS.c.camera.in_(cameras)).order_by(EVENTS.c.id)
    found: dict[str, tuple[Parked, ...]] = {}
    for row in connection.execute(usable).mappings():
        found[row["camera"]] = (*found.get(row["camera"], ()), parked_object(row))
    kept = [each.event.id for objects in found.values() for each in objects]
    connection.execute(delete(PARKED).where(PARKED.c.event.not_in(kept)))
    return found
