"""Which events were told since, for those who were away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from streamer.storage.records import Told
from streamer.storage.rows import stored_event
from streamer.storage.schema import EVENTS


def told_since(connection: Connection, moment: datetime, cameras: frozenset[str] | None, limit: int) -> Told:
    """Events of which a phase was told from that moment on, by their last one: the last ones, in order.

    Those that no picture belongs to are left out, as everywhere else.
    """
    conditions = [EVENTS.c.told_at >= moment, EVENTS.c.width.is_not(None)]
    if cameras is not None:
        conditions.append(EVENTS.c.camera.in_(sorted(cameras)))
    latest = select(EVENTS).where(*conditions).order_by(EVENTS.c.told_at.desc(), EVENTS.c.id.desc())
    events = [stored_event(row) for row in connection.execute(latest.limit(limit)).mappings()]
    number = connection.execute(select(func.count()).select_from(EVENTS).where(*conditions)).scalar_one()
    return Told(tuple(reversed(events)), number - len(events))
