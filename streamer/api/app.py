"""The HTTP application: health, metrics, cameras and events."""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Final, Protocol

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field, model_validator

from streamer.access.visitor import Visitor
from streamer.api.access import visitor_of
from streamer.api.models import CameraItem, EventItem, Page
from streamer.api.problems import answer_with_problems
from streamer.config.tree import CAMERA_NAME
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.records import EventPage

MOST_PER_PAGE: Final = 500
HARMLESS: Final = re.compile(r"\w{1,40}", re.ASCII)
"""What is repeated of a question."""


class Question(BaseModel):
    """What may be asked of a list: nothing, and unknown parameters are errors."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, asked: dict[str, str]) -> dict[str, str]:
        unknown = next((name for name in asked if name not in cls.model_fields), None)
        if unknown is not None:
            expected = f"one of {', '.join(cls.model_fields)}" if cls.model_fields else "no parameters"
            received = repr(unknown) if HARMLESS.fullmatch(unknown) else "another name"
            raise ValueError(f"expected {expected}, received {received}")
        return asked


class EventQuestion(Question):
    """Which events are asked for."""

    camera: str | None = Field(
        default=None, pattern=f"^{CAMERA_NAME.pattern}$", max_length=200, description="only this camera"
    )
    label: str | None = Field(default=None, max_length=200, description="only objects of this class")
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE, description="most items of one answer")
    cursor: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9_-]+$",
        max_length=200,
        description="`next` of the answer before",
    )


def asked_once(request: Request) -> None:
    """A parameter that is said twice says nothing for sure."""
    said = [name for name, _ in request.query_params.multi_items()]
    twice = next((name for name in said if said.count(name) > 1 and HARMLESS.fullmatch(name)), None)
    if twice is not None:
        detail = f"query {twice}: expected once, received {said.count(twice)} times"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


class EventArchive(Protocol):
    """Where events are read."""

    async def events(
        self,
        camera: str | None,
        label: str | None,
        limit: int,
        cursor: str | None,
        cameras: frozenset[str] | None,
    ) -> EventPage:
        """A page of them, newest first; ValueError for a cursor that no page ever gave."""

    async def cameras(self) -> Collection[str]:
        """The names of all cameras that there are events of."""


def create_app(metrics: Metrics, status: Status, archive: EventArchive) -> FastAPI:
    """The application; it reads from its arguments and changes nothing.

    It says who sees what, not who may ask at all: ``behind_front`` is that.

    Args:
        metrics: what is counted and measured.
        status: whether the service is ready.
        archive: where events are.
    """
    # The stock documentation pages load scripts from elsewhere; /openapi.json stays.
    app = FastAPI(title="Sightline", docs_url=None, redoc_url=None)
    answer_with_problems(app)
    _add_health(app, metrics, status)
    _add_lists(app, metrics, archive)
    return app


def asker(request: Request) -> Visitor:
    """Who asks for what only those see who said who they are."""
    visitor = visitor_of(request)
    if visitor is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "expected somebody who is let in")
    return visitor


Asker = Annotated[Visitor, Depends(asker)]


def _add_health(app: FastAPI, metrics: Metrics, status: Status) -> None:
    @app.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        # An answer at all says that the event loop turns.
        return PlainTextResponse("ok")

    @app.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def readyz(request: Request) -> PlainTextResponse:
        word, code = (
            ("ready", HTTPStatus.OK) if status.is_ready else ("unready", HTTPStatus.SERVICE_UNAVAILABLE)
        )
        visitor = visitor_of(request)
        # Names of cameras may be among the reasons.
        seen = status.details() if visitor is not None and visitor.cameras is None else {}
        details = (f"{part}: {text}" for part, text in seen.items())
        return PlainTextResponse("\n".join([word, *details]), status_code=code)

    @app.get("/metrics", include_in_schema=False)
    def series() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


def _add_lists(app: FastAPI, metrics: Metrics, archive: EventArchive) -> None:
    @app.get("/api/cameras", summary="Every camera and how it does", dependencies=[Depends(asked_once)])
    async def cameras(question: Annotated[Question, Query()], visitor: Asker) -> Page[CameraItem]:
        seen = [camera for camera in metrics.cameras() if visitor.may_see(camera.camera)]
        return Page(items=tuple(map(CameraItem.of, seen)), next=None)

    @app.get("/api/events", summary="What was seen, newest first", dependencies=[Depends(asked_once)])
    async def events(question: Annotated[EventQuestion, Query()], visitor: Asker) -> Page[EventItem]:
        camera = question.camera
        if camera is not None:
            known = set(filter(visitor.may_see, (each.camera for each in metrics.cameras())))
            if camera not in known and camera not in (
                kept := set(filter(visitor.may_see, await archive.cameras()))
            ):
                expected = ", ".join(sorted(known | kept))
                raise HTTPException(HTTPStatus.NOT_FOUND, f"query camera: expected one of {expected}")
        try:
            page = await archive.events(
                camera, question.label, question.limit, question.cursor, visitor.cameras
            )
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        return Page(items=tuple(EventItem.model_validate(event) for event in page.items), next=page.next)
