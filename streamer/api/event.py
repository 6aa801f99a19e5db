"""One event by HTTP: what is known of it, its pictures, and what a person says of it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from streamer.access.visitor import Visitor
from streamer.api.asker import Asker
from streamer.api.best import BestPictures, PictureWish
from streamer.api.description import refusals
from streamer.api.models import EventDetail
from streamer.api.problems import problem
from streamer.api.question import Nothing, Question, once
from streamer.api.routing import base_of
from streamer.storage.archive import StillOpen
from streamer.storage.labels import LONGEST, require_label
from streamer.storage.records import Staying, StoredEvent

ID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
SMALLEST, LARGEST = 16, 4320
PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the picture", "content": {"image/jpeg": {}}},
    304: {"description": "It is the one that is known."},
    **refusals(404, 422, 503),
}

EventId = Annotated[str, InPath(pattern=ID, description="of the event, a UUIDv7")]
Known = Annotated[str | None, Header(description="the `ETag` of a picture that is known")]
Pixels = Annotated[int | None, Field(ge=SMALLEST, le=LARGEST)]


class Events(Protocol):
    """Where events are kept."""

    async def find(self, event_id: str) -> StoredEvent | None: ...

    async def staying(self, event: StoredEvent) -> Sequence[Staying]:
        """The zones that its object is in."""

    async def label(self, event_id: str, label: str | None) -> bool:
        """Keep what a person says the object is, or nothing; False: no such event."""

    async def delete(self, event_id: str) -> bool:
        """Delete an event and its pictures; False: no such event, StillOpen: it goes on."""


class CropQuestion(Question):
    """How large the picture is to be."""

    width: Pixels = Field(default=None, description="pixels at most")
    height: Pixels = Field(default=None, description="pixels at most")


class SnapshotQuestion(CropQuestion):
    """What the picture is like."""

    box: bool = Field(default=False, description="the object is marked")


def said_label(text: str | None) -> str | None:
    """What a person says, or that they say nothing any more."""
    return None if text is None else require_label(text)


class Said(BaseModel):
    """What a person says of an event."""

    model_config = ConfigDict(extra="forbid", strict=True)

    human_label: Annotated[str | None, AfterValidator(said_label)] = Field(
        description="what the object is, on one line and without a slash; `none`: nothing of what is looked"
        " for; null takes it back. Its pictures stay for ever then.",
        json_schema_extra={"maxLength": LONGEST, "minLength": 1},
    )


def add_event(app: FastAPI, events: Events, data: Path) -> None:
    """The routes of single events; pictures lie below ``data``."""
    _add_looking(app, events, BestPictures(data))

    @app.exception_handler(StillOpen)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.CONFLICT, str(error))

    @app.patch(
        "/api/events/{event_id}",
        summary="Say what the object is",
        description="It stands beside what the model says; its pictures are kept for ever then.",
        tags=["events"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 404, 413, 422, 503),
    )
    async def say(
        event_id: EventId, said: Said, question: Nothing, visitor: Asker, request: Request
    ) -> EventDetail:
        await _found(events, event_id, visitor)
        await events.label(event_id, said.human_label)
        return await _detail(events, event_id, visitor, base_of(request.scope))

    @app.delete(
        "/api/events/{event_id}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Delete an event that has ended, and its pictures",
        description="One that goes on is not (409). Programs that heard of it do not hear of that.",
        tags=["events"],
        dependencies=[Depends(once())],
        responses=refusals(403, 404, 409, 422, 503),
    )
    async def delete(event_id: EventId, question: Nothing, visitor: Asker) -> None:
        await _found(events, event_id, visitor)
        await events.delete(event_id)


def _add_looking(app: FastAPI, events: Events, pictures: BestPictures) -> None:
    @app.get(
        "/api/events/{event_id}",
        summary="All that is known of one event",
        description="With where its pictures are, and the zones that its object is in now.",
        tags=["events"],
        dependencies=[Depends(once())],
        responses=refusals(404, 422, 503),
    )
    async def one(event_id: EventId, question: Nothing, visitor: Asker, request: Request) -> EventDetail:
        return await _detail(events, event_id, visitor, base_of(request.scope))

    looks: dict[str, Any] = {
        "tags": ["events"],
        "dependencies": [Depends(once())],
        "response_class": Response,
        "responses": PICTURE,
    }

    @app.get(
        "/api/events/{event_id}/snapshot.jpg",
        summary="The best picture of an event",
        description="Whole; of the larger stream where there are two.",
        **looks,
    )
    async def snapshot(
        event_id: EventId,
        question: Annotated[SnapshotQuestion, Query()],
        visitor: Asker,
        if_none_match: Known = None,
    ) -> Response:
        wish = PictureWish("snapshot", question.box, question.width, question.height)
        return await pictures.answer(await _found(events, event_id, visitor), wish, if_none_match)

    @app.get(
        "/api/events/{event_id}/crop.jpg",
        summary="The object, cut out of its best picture",
        description="With a little around it.",
        **looks,
    )
    async def crop(
        event_id: EventId,
        question: Annotated[CropQuestion, Query()],
        visitor: Asker,
        if_none_match: Known = None,
    ) -> Response:
        wish = PictureWish("crop", False, question.width, question.height)
        return await pictures.answer(await _found(events, event_id, visitor), wish, if_none_match)


async def _detail(events: Events, event_id: str, visitor: Visitor, base: str) -> EventDetail:
    event = await _found(events, event_id, visitor)
    return EventDetail.of(event, await events.staying(event), base)


async def _found(events: Events, event_id: str, visitor: Visitor) -> StoredEvent:
    event = await events.find(event_id)
    if event is None or not visitor.may_see(event.camera):
        raise HTTPException(HTTPStatus.NOT_FOUND, "expected an event that is kept")
    return event
