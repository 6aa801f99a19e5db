"""A person who opens a wrong address reads a page; programs get the problem document itself."""

from __future__ import annotations

import json
import re
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from streamer.api.plain import plain_page
from streamer.api.problems import MEDIA_TYPE
from streamer.api.routing import base_of, login_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TITLES: Final = {
    HTTPStatus.UNAUTHORIZED: "Please sign in",
    HTTPStatus.NOT_FOUND: "There is nothing at this address",
    HTTPStatus.FORBIDDEN: "This is not open to you",
    HTTPStatus.CONFLICT: "This camera is another kind",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This address says something unknown",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now",
}
OTHERWISE: Final = "This did not work"
PLACE: Final = re.compile(r"\{(title|detail|way|to|target)\}")
ABOUT_THE_BODY: Final = ("content-type", "content-length", "cache-control")


def accepts_page(scope: Scope) -> bool:
    """Whether a person waits for the answer."""
    return "text/html" in Headers(scope=scope).get("accept", "")


class Readable:
    """Makes problem documents pages where a browser opens an address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._page = plain_page("problem.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not accepts_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        document = b""

        async def send_readable(message: Message) -> None:
            nonlocal start, document
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                document += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._as_page(start, document, _way_of(start, scope))(scope, receive, send)

        await self._app(scope, receive, send_readable)

    def _as_page(self, start: Message, document: bytes, way: dict[str, str]) -> HTMLResponse:
        status = start["status"]
        title = TITLES.get(status, OTHERWISE)
        values = {"title": title, "detail": json.loads(document)["detail"], **way}
        text = PLACE.sub(lambda match: escape(values[match[1]]), self._page)
        answer = HTMLResponse(text, status, headers={"Cache-Control": "no-store", "Vary": "Accept"})
        for name, value in Headers(raw=list(start["headers"])).items():
            if name not in ABOUT_THE_BODY:
                answer.headers.append(name, value)
        return answer


def _way_of(start: Message, scope: Scope) -> dict[str, str]:
    """Where a page leads to."""
    if start["status"] != HTTPStatus.UNAUTHORIZED:
        return {"way": "All cameras", "to": f"{base_of(scope)}/", "target": "_self"}
    # Nobody signs in within a page of others.
    return {"way": "Sign in", "to": login_of(scope), "target": "_blank"}


def _is_problem(start: Message) -> bool:
    return Headers(raw=list(start["headers"])).get("content-type") == MEDIA_TYPE
