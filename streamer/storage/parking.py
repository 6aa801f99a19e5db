"""The rows of parked objects, beside those of their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from streamer.event import Box, Event, Parked, snapshot_path
from streamer.storage.schema import EVENTS, PARKED

ParkedAt: TypeAlias = Mapping[str, Sequence[Parked]]
"""By camera: all that is parked there."""


def replace_parked(connection: Connection, parked: ParkedAt) -> None:
    """Say anew what is parked at these cameras, and when it was last seen."""
    connection.execute(delete(PARKED).where(PARKED.c.camera.in_(parked)))
    for camera, objects in parked.items():
        for each in objects:
            connection.execute(
                insert(PARKED).values(
                    event=each.event.id,
                    camera=camera,
                    place=list(each.place),
                    score=each.score,
                    votes=dict(each.votes),
                )
            )
            row = EVENTS.c.id == each.event.id
            connection.execute(update(EVENTS).where(row).values(seen_at=each.seen_at))


def keep_parked(connection: Connection, cameras: Sequence[str]) -> dict[str, tuple[Parked, ...]]:
    """What is parked at these cameras; whatever else the table holds is of no use any more and is deleted."""
    joined = select(EVENTS, PARKED.c.place, PARKED.c.score, PARKED.c.votes).join(
        PARKED, PARKED.c.event == EVENTS.c.id
    )
    usable = joined.where(EVENTS.c.ended_at.is_(None), EVENTS.c.camera.in_(cameras)).order_by(EVENTS.c.id)
    found: dict[str, tuple[Parked, ...]] = {}
    for row in connection.execute(usable).mappings():
        found[row["camera"]] = (*found.get(row["camera"], ()), _parked(row))
    kept = [each.event.id for objects in found.values() for each in objects]
    connection.execute(delete(PARKED).where(PARKED.c.event.not_in(kept)))
    return found


def _parked(row: RowMapping) -> Parked:
    event = Event(
        id=row["id"],
        camera=row["camera"],
        phase="update",
        label=row["label"],
        track=row["track"],
        confidence=row["confidence"],
        box=_box(row["box"]),
        started_at=row["started_at"],
        snapshot=snapshot_path(row["camera"], row["started_at"], row["id"]),
        sub_label=row["sub_label"],
        attributes=row["attributes"],
        zones=tuple(row["zones"]),
        stationary=True,
        pictured=False,
    )
    return Parked(event, _box(row["place"]), row["seen_at"], row["score"], row["votes"])


def _box(edges: Any) -> Box:
    x1, y1, x2, y2 = edges
    return x1, y1, x2, y2
