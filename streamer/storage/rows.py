"""Events and what belongs to them, to rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.engine import RowMapping

from streamer.event import Box, Event, Parked, Ruling, ZoneStay, snapshot_path
from streamer.storage.records import StoredEvent


def event_row(event: Event, seen_at: datetime, size: tuple[int, int] | None) -> dict[str, Any]:
    """The columns of an event that are told, not those that the store adds; its size where it is known."""
    extent = {} if size is None else {"width": size[0], "height": size[1]}
    return extent | {
        "id": event.id,
        "camera": event.camera,
        "label": event.label,
        "sub_label": event.sub_label,
        "track": event.track,
        "confidence": event.confidence,
        "box": list(event.box),
        "zones": list(event.zones),
        "rules": [asdict(each) for each in event.rules],
        "attributes": dict(event.attributes),
        "stationary": event.stationary,
        "started_at": event.started_at,
        "seen_at": seen_at,
        "ended_at": event.ended_at,
    }


def stored_event(row: RowMapping) -> StoredEvent:
    return StoredEvent(
        id=row["id"],
        camera=row["camera"],
        label=row["label"],
        sub_label=row["sub_label"],
        human_label=row["human_label"],
        track=row["track"],
        confidence=row["confidence"],
        box=_box(row["box"]),
        zones=tuple(row["zones"]),
        rules=_rules(row["rules"]),
        attributes=row["attributes"],
        stationary=bool(row["stationary"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        snapshot=row["snapshot"],
        bytes=row["bytes"],
        size=None if row["width"] is None else (row["width"], row["height"]),
    )


def parked_row(parked: Parked) -> dict[str, Any]:
    """The columns of a parked object that its event has not."""
    return {
        "event": parked.event.id,
        "camera": parked.event.camera,
        "place": list(parked.place),
        "score": parked.score,
        "votes": dict(parked.votes),
        "stays": [asdict(each) | {"since": each.since.isoformat()} for each in parked.stays],
    }


def parked_object(row: RowMapping) -> Parked:
    """Of the columns of both."""
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
        rules=_rules(row["rules"]),
        stationary=True,
        pictured=False,
    )
    stays = tuple(
        ZoneStay(**each | {"since": datetime.fromisoformat(each["since"])}) for each in row["stays"] or ()
    )
    return Parked(event, _box(row["place"]), row["seen_at"], row["score"], row["votes"], stays)


def _rules(rulings: Sequence[dict[str, Any]] | None) -> tuple[Ruling, ...]:
    return tuple(Ruling(**each) for each in rulings or ())


def _box(edges: Any) -> Box:
    x1, y1, x2, y2 = edges
    return x1, y1, x2, y2
