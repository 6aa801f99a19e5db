"""One event by HTTP: what is known of it, and its pictures."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol

from anyio import to_thread
from fastapi import FastAPI, Header, HTTPException, Response
from fastapi import Path as InPath

from streamer.access.visitor import Visitor
from streamer.api.app import Asker
from streamer.api.models import EventItem
from streamer.storage.records import StoredEvent
from streamer.storage.snapshots import CROP, FULL

ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
SUFFIXES: Final = {"snapshot": FULL, "crop": CROP}

Known = Annotated[str | None, Header(alias="If-None-Match", max_length=200)]
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
        event_id: EventId,
        picture: Literal["snapshot", "crop"],
        visitor: Asker,
        known: Known = None,
    ) -> Response:
        event = await _found(events, event_id, visitor)
        content = None
        if event.snapshot is not None:
            content = await to_thread.run_sync(_read, data / f"{event.snapshot}{SUFFIXES[picture]}")
        if content is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "this event has no picture, or none any more")
        # A better one may come while the object is in view, even while this one is sent.
        tag = f'"{sha256(content).hexdigest()[:32]}"'
        headers = {"Cache-Control": "private, no-cache", "ETag": tag}
        if tag == known:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(content, media_type="image/jpeg", headers=headers)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


async def _found(events: Events, event_id: str, visitor: Visitor) -> StoredEvent:
    event = await events.find(event_id)
    if event is None or not visitor.may_see(event.camera):
        raise HTTPException(HTTPStatus.NOT_FOUND, "expected an event that is kept")
    return event
