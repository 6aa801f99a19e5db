"""One event by HTTP: what is known of it, and its pictures."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol

from fastapi import FastAPI, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from streamer.access.visitor import Visitor
from streamer.api.app import Asker
from streamer.api.models import EventItem
from streamer.storage.records import StoredEvent
from streamer.storage.snapshots import CROP, FULL

ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
SUFFIXES: Final = {"snapshot": FULL, "crop": CROP}

EventId = Annotated[str, InPath(pattern=ID, description="of the event, a UUID")]


class Events(Protocol):
    """Where events are read."""

    async def find(self, event_id: str) -> StoredEvent | None: ...


def add_event(app: FastAPI, events: Events, data: Path) -> None:
    """The routes of single events; pictures lie below ``data``."""

    @app.get("/api/events/{event_id}", summary="One event")
    async def one(event_id: EventId, visitor: Asker) -> EventItem:
        return EventItem.model_validate(await _found(events, event_id, visitor))

    @app.get("/api/events/{event_id}/{picture}.jpg", summary="The best picture, or the object cut out of it")
    async def picture(
        event_id: EventId, picture: Literal["snapshot", "crop"], visitor: Asker
    ) -> FileResponse:
        event = await _found(events, event_id, visitor)
        path = data / f"{event.snapshot}{SUFFIXES[picture]}" if event.snapshot is not None else None
        if path is None or not path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND, "this event has no picture, or none any more")
        # A better one may come while the object is in view; the file's ETag says whether.
        return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


async def _found(events: Events, event_id: str, visitor: Visitor) -> StoredEvent:
    event = await events.find(event_id)
    if event is None or not visitor.may_see(event.camera):
        raise HTTPException(HTTPStatus.NOT_FOUND, "expected an event that is kept")
    return event
