"""Which events were told since, for those who were away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Connection

from streamer.storage.query import LABELS, EventQuery
from streamer.storage.records import Told, ToldEvent
from streamer.storage.rows import stored_event
from streamer.storage.schema import EVENTS


def told_since(connection: Connection, moment: datetime, query: EventQuery) -> Told:
    """Events of which a phase was told from that moment on, in the order of their last ones.

    Of those that fit these are the last ones, as many as asked for. Those without a size are left out:
    nothing was told of them.
    """
    conditions = [EVENTS.c.told_at >= moment, EVENTS.c.width.is_not(None)]
    if query.cameras is not None:
        conditions.append(EVENTS.c.camera.in_(sorted(query.cameras)))
    if query.label is not None:
        conditions.append(or_(*(EVENTS.c[column] == query.label for column in LABELS)))
    latest = select(EVENTS).where(*conditions).order_by(EVENTS.c.told_at.desc(), EVENTS.c.id.desc())
    rows = connection.execute(latest.limit(query.limit)).mappings()
    events = [ToldEvent(stored_event(row), row["told_at"]) for row in rows]
    number = connection.execute(select(func.count()).select_from(EVENTS).where(*conditions)).scalar_one()
    return Told(tuple(reversed(events)), number - len(events))
