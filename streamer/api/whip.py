"""WHIP: a browser sends a camera's video by one HTTP request (RFC 9725)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query, Request, Response
from pydantic import Field

from streamer.api.asker import AsGuest
from streamer.api.description import refusals, sent
from streamer.api.offers import ANSWER, OFFER, SDP, Way, add_refusals, add_sessions, offer_of
from streamer.api.question import Question

if TYPE_CHECKING:
    from streamer.webrtc.whip import Publishers


class WhipQuestion(Question):
    """How a browser says that it may."""

    token: str | None = Field(
        default=None, description="the token of the service, where no header can be set"
    )


def add_whip(app: FastAPI, publishers: Publishers) -> None:
    """Offers, candidates and ends of browsers that send."""
    way = Way("/whip", "a browser that sends", "Stop sending", publishers)
    add_refusals(app)

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
        publisher, answer = await publishers.open(camera, await offer_of(request), guest)
        return way.answer(request, camera, publisher.link, answer)

    add_sessions(app, way)
