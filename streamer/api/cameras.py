"""How cameras do, and what befell them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import Field

from streamer.api.asker import Asker, Named
from streamer.api.description import refusals
from streamer.api.models import CameraItem, Page, TroubleItem
from streamer.api.question import Question, once
from streamer.event import CameraEvent
from streamer.metrics.metrics import Metrics

MOST_TROUBLES = 500


class Troubles(Named, Protocol):
    """Where the troubles of cameras are read."""

    async def troubles(self, camera: str, limit: int) -> tuple[CameraEvent, ...]:
        """What befell a camera last, newest first."""


class TroubleQuestion(Question):
    """How much of it is asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_TROUBLES, description="most items of the answer")


def add_cameras(app: FastAPI, metrics: Metrics, archive: Troubles) -> None:
    """The routes that only look."""

    @app.get(
        "/api/cameras",
        summary="Every camera and how it does",
        tags=["cameras"],
        dependencies=[Depends(once())],
        description="In the order in which they are configured; those that who asks may see.",
        responses=refusals(422),
    )
    async def cameras(question: Annotated[Question, Query()], visitor: Asker) -> Page[CameraItem]:
        seen = [camera for camera in metrics.cameras() if visitor.may_see(camera.camera)]
        return Page(items=tuple(map(CameraItem.of, seen)), next=None)

    @app.get(
        "/api/cameras/{name}/troubles",
        summary="What befell a camera last, newest first",
        description="When it was down, covered, frozen or unfocused, and when it was up again.",
        tags=["cameras"],
        dependencies=[Depends(once())],
        responses=refusals(404, 422, 503),
    )
    async def troubles(
        name: str, question: Annotated[TroubleQuestion, Query()], visitor: Asker
    ) -> Page[TroubleItem]:
        found = await archive.troubles(name, question.limit) if visitor.may_see(name) else ()
        running = {each.camera for each in metrics.cameras()}
        if not visitor.may_see(name) or not (found or name in running or name in await archive.cameras()):
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such camera")
        return Page(items=tuple(map(TroubleItem.model_validate, found)), next=None)
