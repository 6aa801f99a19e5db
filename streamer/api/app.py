"""The HTTP application: health, metrics, cameras and events."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Protocol

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from streamer.api.models import CameraItem, EventItem, Page
from streamer.api.problems import answer_with_problems
from streamer.config import CAMERA_NAME
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.records import EventPage

MOST_PER_PAGE: Final = 500

CameraFilter = Annotated[
    str | None, Query(pattern=f"^{CAMERA_NAME.pattern}$", max_length=200, description="only this camera")
]
LabelFilter = Annotated[str | None, Query(max_length=200, description="only objects of this class")]
Limit = Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="most items of one answer")]
Cursor = Annotated[
    str | None, Query(pattern="^[A-Za-z0-9_-]+$", max_length=200, description="`next` of the answer before")
]


class EventArchive(Protocol):
    """Where events are read."""

    async def events(
        self, camera: str | None, label: str | None, limit: int, cursor: str | None
    ) -> EventPage:
        """A page of them, newest first; ValueError for a cursor that no page ever gave."""


def create_app(metrics: Metrics, status: Status, archive: EventArchive) -> FastAPI:
    """The application; it reads from its three arguments and changes nothing."""
    # The stock documentation pages load scripts from elsewhere; /openapi.json stays.
    app = FastAPI(title="Sightline", docs_url=None, redoc_url=None)
    answer_with_problems(app)
    _add_health(app, metrics, status)
    _add_lists(app, metrics, archive)
    return app


def _add_health(app: FastAPI, metrics: Metrics, status: Status) -> None:
    @app.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        # An answer at all says that the event loop turns.
        return PlainTextResponse("ok")

    @app.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def readyz() -> PlainTextResponse:
        return (
            PlainTextResponse("ready") if status.is_ready else PlainTextResponse("unready", status_code=503)
        )

    @app.get("/metrics", include_in_schema=False)
    def series() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


def _add_lists(app: FastAPI, metrics: Metrics, archive: EventArchive) -> None:
    @app.get("/api/cameras", summary="Every camera and how it does")
    async def cameras() -> Page[CameraItem]:
        return Page(items=tuple(CameraItem.of(camera) for camera in metrics.cameras()), next=None)

    @app.get("/api/events", summary="What was seen, newest first")
    async def events(
        camera: CameraFilter = None, label: LabelFilter = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[EventItem]:
        try:
            page = await archive.events(camera, label, limit, cursor)
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        return Page(items=tuple(EventItem.model_validate(event) for event in page.items), next=page.next)
