"""What WHEP and WHIP have in common: offers, more addresses, ends, and what is told of them (RFC 9725)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from fastapi import FastAPI, Header, Request, Response

from streamer.api.body import text_of
from streamer.api.description import refusals, sent
from streamer.api.problems import problem
from streamer.api.routing import base_of
from streamer.errors import UnknownCamera
from streamer.webrtc.ice import PortsTaken
from streamer.webrtc.offer import MalformedOffer, UnfitOffer
from streamer.webrtc.refusals import (
    NothingToShow,
    NotSentTo,
    Occupied,
    OtherSession,
    RestartRefused,
    TooMany,
    UnknownSession,
)

if TYPE_CHECKING:
    from streamer.config.tree import WebRtcConfig
    from streamer.webrtc.link import Link

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
    NotSentTo: HTTPStatus.CONFLICT,
    Occupied: HTTPStatus.CONFLICT,
    NothingToShow: HTTPStatus.SERVICE_UNAVAILABLE,
    TooMany: HTTPStatus.SERVICE_UNAVAILABLE,
    PortsTaken: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_S: Final = "2"
PORTS: Final = "Sightline-UDP-Ports"
"""A header: which ports a firewall has to let through, where that is configured."""
OFFER: Final = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
CANDIDATE: Final = "a=ice-ufrag:u\r\na=ice-pwd:p\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=end-of-candidates\r\n"
TEXT: Final = {"schema": {"type": "string"}}
ANSWER: Final[dict[str, Any]] = {
    "description": "the answer (SDP)",
    "content": {SDP: TEXT},
    "headers": {"Location": {"description": "of the session, to end it", **TEXT}},
}


class Sessions(Protocol):
    """Of all who watch, or of all who send."""

    @property
    def config(self) -> WebRtcConfig: ...

    def link(self, camera: str, session: str) -> Link: ...

    def close(self, camera: str, session: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Way:
    """Which way the video of a session goes.

    Attributes:
        path: ``/whep``, ``/whip``.
        who: asks for sessions.
        end: what is done by ending one.
        sessions: that are open.
    """

    path: str
    who: str
    end: str
    sessions: Sessions

    def answer(self, request: Request, camera: str, link: Link, text: str) -> Response:
        """To an offer: the session description ``text``, and where its session is found from now on."""
        headers = {
            "Location": f"{base_of(request.scope)}{self.path}/{camera}/{link.id}",
            "Accept-Patch": FRAGMENT,
            "ETag": f'"{link.tag}"',
        }
        if ports := self.sessions.config.udp_ports:
            headers[PORTS] = "{}-{}".format(*ports)
        return self.linked(Response(text, HTTPStatus.CREATED, headers, SDP))

    def linked(self, response: Response) -> Response:
        """Names the servers for ICE (RFC 9725, section 4.6)."""
        for server in self.sessions.config.ice_servers:
            login = ""
            if server.username is not None and server.credential is not None:
                name, secret = map(_quoted, (server.username, server.credential.get_secret_value()))
                login = f'; username={name}; credential={secret}; credential-type="password"'
            for url in server.urls:
                response.headers.append("Link", f'<{url}>; rel="ice-server"{login}')
        return response


def add_refusals(app: FastAPI) -> None:
    """The problems that are told of offers, of requests to sessions, and of viewers who have none."""
    for error, status in STATUS.items():
        _refuse(app, error, status)


def _refuse(app: FastAPI, error: type[Exception], status: HTTPStatus) -> None:
    headers = {"Retry-After": RETRY_S} if status is HTTPStatus.SERVICE_UNAVAILABLE else None

    @app.exception_handler(error)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(status, str(error), headers)


def _quoted(text: str) -> str:
    """A quoted string of a header (RFC 9110, section 5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def offer_of(request: Request) -> str:
    """The session description that is posted; HTTPException where it is none, or too long."""
    return await text_of(request, SDP, MOST_BYTES)


def add_sessions(app: FastAPI, way: Way) -> None:
    """What may be asked of sessions once they are open, and which requests there are."""
    sessions = way.sessions

    @app.patch(
        way.path + "/{camera}/{session}",
        summary=f"More addresses of {way.who} (trickle ICE)",
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
        fragment = await text_of(request, FRAGMENT, MOST_BYTES)
        link = sessions.link(camera, session)
        link.add(fragment, tag)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"ETag": f'"{link.tag}"'})

    @app.delete(
        way.path + "/{camera}/{session}",
        summary=way.end,
        description="To the address that was told in `Location`.",
        tags=["live"],
        response_class=Response,
        responses=refusals(404, 422),
    )
    async def leave(camera: str, session: str) -> Response:
        sessions.close(camera, session)
        return Response(status_code=HTTPStatus.OK)

    @app.options(way.path + "/{camera}", include_in_schema=False)
    async def of_a_camera() -> Response:
        headers = {"Accept-Post": SDP, "Allow": "OPTIONS, POST"}
        return way.linked(Response(status_code=HTTPStatus.NO_CONTENT, headers=headers))

    @app.options(way.path + "/{camera}/{session}", include_in_schema=False)
    async def of_a_session() -> Response:
        headers = {"Accept-Patch": FRAGMENT, "Allow": "DELETE, OPTIONS, PATCH"}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
