"""Which events a page shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from streamer.storage.query import EventQuery

if TYPE_CHECKING:
    from streamer.pages.here import Here


@dataclass(frozen=True, slots=True)
class Choice:
    """What events have to have; None: anything. ``day`` is one by the clock of who looks, ``2026-03-01``."""

    camera: str | None = None
    label: str | None = None
    zone: str | None = None
    day: str | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Choice:
        """What an address says; what it does not know, and a day that is none, says nothing."""
        said = {each.name: asked.get(each.name) or None for each in fields(cls)}
        if said["day"] is not None and _date(said["day"]) is None:
            said["day"] = None
        return cls(**said)

    @property
    def is_open(self) -> bool:
        """Whether every event fits."""
        return self == Choice()

    def query(self, here: Here, limit: int) -> EventQuery:
        """What the archive is asked for."""
        day = _date(self.day)
        since = None if day is None else _midnight(day, here)
        until = None if day is None else _midnight(day + timedelta(days=1), here)
        return EventQuery(
            self.camera,
            self.label,
            limit,
            cameras=here.visitor.cameras,
            zone=self.zone,
            since=since,
            until=until,
        )

    def address(self, here: Here) -> str:
        """Of the page that shows them."""
        said = {each.name: value for each in fields(self) if (value := getattr(self, each.name))}
        return here.at("/events") + (f"?{urlencode(said)}" if said else "")


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date, here: Here) -> datetime:
    return datetime.combine(day, time(), here.zone).astimezone()
