"""WHEP: any player gets a camera's live video by one HTTP request (draft-ietf-wish-whep)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import FastAPI, Query, Request, Response
from pydantic import Field

from streamer.api.asker import AsGuest
from streamer.api.description import refusals, sent
from streamer.api.offers import ANSWER, OFFER, SDP, Way, add_refusals, add_sessions, offer_of
from streamer.api.question import Question
from streamer.webrtc.choice import Wish

if TYPE_CHECKING:
    from streamer.webrtc.viewers import Viewers


class WhepQuestion(Question):
    """What a viewer wants to see."""

    stream: Literal["main", "sub"] | None = Field(
        default=None, description="of a camera with two streams; main, unless it is coded anew"
    )
    annotate: bool = Field(default=False, description="boxes are drawn into the pictures")
    own: bool = Field(default=True, description="the camera's own stream may be sent; else it is coded anew")
    token: str | None = Field(
        default=None, description="the token of the service, where no header can be set"
    )


def add_whep(app: FastAPI, viewers: Viewers) -> None:
    """Offers, candidates and ends of viewers."""
    way = Way("/whep", "a viewer", "Stop watching", viewers)
    add_refusals(app)

    @app.post(
        "/whep/{camera}",
        status_code=HTTPStatus.CREATED,
        summary="Watch a camera (WHEP)",
        description="The offer of a player is answered; draft-ietf-wish-whep.",
        tags=["live"],
        response_class=Response,
        openapi_extra=sent(SDP, "an offer (SDP)", OFFER),
        responses={201: ANSWER, **refusals(404, 413, 415, 422)},
    )
    async def watch(
        camera: str, question: Annotated[WhepQuestion, Query()], request: Request, guest: AsGuest
    ) -> Response:
        offer = await offer_of(request)
        wish = Wish(question.stream, question.annotate, question.own)
        session, answer = await viewers.open(camera, offer, wish, guest)
        return way.answer(request, camera, session.link, answer)

    add_sessions(app, way)
