"""The page of one camera alone, and the player that other pages may use."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from streamer.api.description import refusals
from streamer.api.question import Question

if TYPE_CHECKING:
    from streamer.webrtc.whip import Publishers

SCRIPTS: Final = ("player.js", "scene.js", "label.js", "watch.js")


class WatchQuestion(Question):
    """How the page shows a camera."""

    stream: Literal["main", "sub"] | None = Field(
        default=None, description="of a camera with two streams; main, unless it is coded anew"
    )
    annotate: bool = Field(default=False, description="boxes are drawn into the pictures by the service")
    token: str | None = Field(default=None, description="the token of the service")


def add_pages(app: FastAPI, cameras: Collection[str]) -> None:
    """The page of each camera, and its scripts."""
    page = _text("watch.html")

    @app.get(
        "/watch/{camera}",
        summary="A page that plays one camera",
        description="Alone, to be put into other pages; those of `http.origins` may.",
        tags=["live"],
        response_class=HTMLResponse,
        responses=refusals(404, 422),
    )
    async def watch(camera: str, question: Annotated[WatchQuestion, Query()]) -> HTMLResponse:
        if camera not in cameras:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"expected one of {', '.join(sorted(cameras))}")
        return HTMLResponse(page.replace("{camera}", escape(camera)))

    for name in SCRIPTS:
        _add_script(app, name)


class SendQuestion(Question):
    """How the page may use the service."""

    token: str | None = Field(default=None, description="the token of the service")


def add_send_page(app: FastAPI, publishers: Publishers) -> None:
    """The page that makes a phone or a laptop a camera."""
    page = _text("send.html")

    @app.get(
        "/send/{camera}",
        summary="A page that makes this device a camera",
        description="Of a camera whose source is `whip://`.",
        tags=["live"],
        response_class=HTMLResponse,
        responses=refusals(404, 409, 422),
    )
    async def send(camera: str, question: Annotated[SendQuestion, Query()]) -> HTMLResponse:
        publishers.intake(camera)
        return HTMLResponse(page.replace("{camera}", escape(camera)))

    _add_script(app, "send.js")


def _add_script(app: FastAPI, name: str) -> None:
    text = _text(name)

    @app.get(f"/{name}", include_in_schema=False)
    async def script() -> Response:
        return Response(text, media_type="text/javascript")


def _text(name: str) -> str:
    return files("streamer.web").joinpath(name).read_text()
