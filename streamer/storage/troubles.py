"""The rows of cameras' troubles, and of their ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from streamer.event import CameraEvent
from streamer.storage.schema import CAMERA_EVENTS


def add_troubles(connection: Connection, events: Sequence[CameraEvent]) -> None:
    for each in events:
        connection.execute(
            insert(CAMERA_EVENTS).values(
                id=each.id, camera=each.camera, state=each.state, reason=each.reason, since=each.since
            )
        )


def latest_troubles(connection: Connection, camera: str, limit: int) -> tuple[CameraEvent, ...]:
    """The last ones of a camera, newest first."""
    table = CAMERA_EVENTS
    newest = select(table).where(table.c.camera == camera).order_by(table.c.since.desc(), table.c.id.desc())
    return tuple(
        CameraEvent(row["camera"], row["state"], row["reason"], row["since"], row["id"])
        for row in connection.execute(newest.limit(limit)).mappings()
    )


def forget_troubles(connection: Connection, moment: datetime) -> None:
    """Delete those that began before that moment."""
    connection.execute(delete(CAMERA_EVENTS).where(CAMERA_EVENTS.c.since < moment))
