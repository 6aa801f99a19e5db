"""WHIP: a browser sends a camera's video by one HTTP request (RFC 9725)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import FastAPI, Query, Request, Response
from pydantic import Field

from streamer.api.asker import AsGuest
from streamer.api.body import text_of
from streamer.api.description import refusals, sent
from streamer.api.question import Question
from streamer.api.routing import base_of
from streamer.api.whep import (
    ANSWER,
    CANDIDATE,
    FRAGMENT,
    MOST_BYTES,
    OFFER,
    SDP,
    ice_links,
    linked,
    refuse,
    tell_methods,
)
from streamer.webrtc.whip import NotSentTo, Occupied

if TYPE_CHECKING:
    from streamer.webrtc.whip import Publishers

STATUS: Final = {
    NotSentTo: HTTPStatus.CONFLICT,
    Occupied: HTTPStatus.CONFLICT,
}


class WhipQuestion(Question):
    """How a browser says that it may."""

    token: str | None = Field(
        default=None, description="the token of the service, where no header can be set"
    )


def add_whip(app: FastAPI, publishers: Publishers) -> None:
    """Offers, candidates and ends of browsers that send."""
    links = tuple(ice_links(publishers.config))

    for error, status in STATUS.items():
        refuse(app, error, status)

    @app.post(
        "/whip/{camera}",
        status_code=HTTPStatus.CREATED,
        summary="Be a camera (WHIP)",
        description="The offer of who sends to a camera whose source is `whip://` is answered; RFC 9725.",
        tags=["live"],
        response_class=Response,
        openapi_extra=sent(SDP, "an offer (SDP)", OFFER),
        responses={201: ANSWER, **refusals(404, 409, 413, 415, 422)},
    )
    async def send(
        camera: str, question: Annotated[WhipQuestion, Query()], request: Request, guest: AsGuest
    ) -> Response:
        publisher, answer = await publishers.open(camera, await text_of(request, SDP, MOST_BYTES), guest)
        headers = {
            "Location": f"{base_of(request.scope)}/whip/{camera}/{publisher.id}",
            "Accept-Patch": FRAGMENT,
        }
        return linked(Response(answer, HTTPStatus.CREATED, headers, SDP), links)

    @app.patch(
        "/whip/{camera}/{session}",
        summary="More addresses of a browser that sends (trickle ICE)",
        description="RFC 8840; ICE is not begun anew here.",
        tags=["live"],
        status_code=HTTPStatus.NO_CONTENT,
        openapi_extra=sent(FRAGMENT, "candidates", CANDIDATE),
        responses=refusals(404, 413, 415, 422),
    )
    async def trickle(camera: str, session: str, request: Request) -> Response:
        await publishers.add(camera, session, await text_of(request, FRAGMENT, MOST_BYTES))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.delete(
        "/whip/{camera}/{session}",
        summary="Stop sending",
        description="To the address that was told in `Location`.",
        tags=["live"],
        response_class=Response,
        responses=refusals(404, 422),
    )
    async def leave(camera: str, session: str) -> Response:
        publishers.close(camera, session)
        return Response(status_code=HTTPStatus.OK)

    tell_methods(app, "/whip/{camera}", links)
