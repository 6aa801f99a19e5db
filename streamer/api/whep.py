"""WHEP: any player gets a camera's live video by one HTTP request (draft-ietf-wish-whep)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Header, Query, Request, Response
from pydantic import Field

from streamer.api.asker import AsGuest
from streamer.api.body import text_of
from streamer.api.description import refusals, sent
from streamer.api.problems import problem
from streamer.api.question import Question
from streamer.api.routing import base_of
from streamer.config.tree import WebRtcConfig
from streamer.errors import UnknownCamera
from streamer.webrtc.choice import Wish
from streamer.webrtc.ice import PortsTaken
from streamer.webrtc.offer import MalformedOffer, UnfitOffer
from streamer.webrtc.refusals import (
    NothingToShow,
    OtherSession,
    RestartRefused,
    TooMany,
    UnknownSession,
)
from streamer.webrtc.viewers import Viewers

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
MOST_BYTES: Final = 64 * 1024
STATUS: Final = {
    MalformedOffer: HTTPStatus.BAD_REQUEST,
    UnfitOffer: HTTPStatus.UNPROCESSABLE_ENTITY,
    RestartRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownCamera: HTTPStatus.NOT_FOUND,
    UnknownSession: HTTPStatus.NOT_FOUND,
    OtherSession: HTTPStatus.PRECONDITION_FAILED,
    NothingToShow: HTTPStatus.SERVICE_UNAVAILABLE,
    TooMany: HTTPStatus.SERVICE_UNAVAILABLE,
    PortsTaken: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_S: Final = "2"
OFFER: Final = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
CANDIDATE: Final = "a=ice-ufrag:u\r\na=ice-pwd:p\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=end-of-candidates\r\n"
ANSWER: Final[dict[str, Any]] = {
    "description": "the answer (SDP)",
    "content": {SDP: {"schema": {"type": "string"}}},
    "headers": {"Location": {"description": "of the session, to end it", "schema": {"type": "string"}}},
}


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
    links = tuple(ice_links(viewers.config))

    for error, status in STATUS.items():
        refuse(app, error, status)

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
        offer = await text_of(request, SDP, MOST_BYTES)
        wish = Wish(question.stream, question.annotate, question.own)
        session, answer = await viewers.open(camera, offer, wish, guest)
        headers = {
            "Location": f"{base_of(request.scope)}/whep/{camera}/{session.id}",
            "Accept-Patch": FRAGMENT,
            "ETag": f'"{session.link.tag}"',
        }
        return linked(Response(answer, HTTPStatus.CREATED, headers, SDP), links)

    @app.patch(
        "/whep/{camera}/{session}",
        summary="More addresses of a viewer (trickle ICE)",
        description="RFC 8840; ICE is not begun anew here.",
        tags=["live"],
        status_code=HTTPStatus.NO_CONTENT,
        openapi_extra=sent(FRAGMENT, "candidates", CANDIDATE),
        responses=refusals(404, 412, 413, 415, 422),
    )
    async def trickle(
        camera: str, session: str, request: Request, if_match: Annotated[str | None, Header()] = None
    ) -> Response:
        # "*" is said where ICE is to begin anew, which the fragment then says, too (RFC 9725, section 4.3.3).
        tag = None if if_match is None or if_match.strip() == "*" else if_match.strip().strip('"')
        found = viewers.add(camera, session, await text_of(request, FRAGMENT, MOST_BYTES), tag)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"ETag": f'"{found.link.tag}"'})

    @app.delete(
        "/whep/{camera}/{session}",
        summary="Stop watching",
        description="To the address that was told in `Location`.",
        tags=["live"],
        response_class=Response,
        responses=refusals(404, 422),
    )
    async def leave(camera: str, session: str) -> Response:
        viewers.close(camera, session)
        return Response(status_code=HTTPStatus.OK)

    tell_methods(app, "/whep/{camera}", links)


def tell_methods(app: FastAPI, path: str, links: tuple[str, ...]) -> None:
    """What may be asked for, of a camera and of a session.

    Args:
        app: gets the routes.
        path: of a camera; a session's is below it.
        links: to the servers for ICE.
    """
    _tell_options(app, path, {"Accept-Post": SDP, "Allow": "OPTIONS, POST"}, links)
    _tell_options(app, path + "/{session}", {"Accept-Patch": FRAGMENT, "Allow": "DELETE, OPTIONS, PATCH"}, ())


def _tell_options(app: FastAPI, path: str, headers: dict[str, str], links: tuple[str, ...]) -> None:
    @app.options(path, include_in_schema=False)
    async def options() -> Response:
        return linked(Response(status_code=HTTPStatus.NO_CONTENT, headers=headers), links)


def refuse(app: FastAPI, error: type[Exception], status: HTTPStatus) -> None:
    headers = {"Retry-After": RETRY_S} if status is HTTPStatus.SERVICE_UNAVAILABLE else None

    @app.exception_handler(error)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(status, str(error), headers)


def ice_links(config: WebRtcConfig) -> list[str]:
    """The servers for ICE as Link headers (RFC 9725, section 4.6)."""
    links = []
    for server in config.ice_servers:
        login = ""
        if server.username is not None and server.credential is not None:
            secret = server.credential.get_secret_value()
            login = f'; username="{server.username}"; credential="{secret}"; credential-type="password"'
        links += [f'<{url}>; rel="ice-server"{login}' for url in server.urls]
    return links


def linked(response: Response, links: tuple[str, ...]) -> Response:
    for link in links:
        response.headers.append("Link", link)
    return response
