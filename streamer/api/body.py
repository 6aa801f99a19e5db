"""The bodies of requests: text of a type, and none that are too long."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from streamer.api.problems import problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 2**20
TOO_LONG: Final = f"expected a body of at most {MOST_BYTES} bytes"


async def text_of(request: Request, kind: str, most_bytes: int) -> str:
    """The text of a request of this media type.

    Raises:
        HTTPException: it is of another type (415), too long (413), no text, or not sent to its end (400).
    """
    received = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if received != kind:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected a body of type {kind}")
    content = b""
    try:
        async for part in request.stream():
            content += part
            if len(content) > most_bytes:
                text = f"expected at most {most_bytes} bytes"
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    except ClientDisconnect:
        # Who is gone reads no answer, and is no fault of the service.
        raise HTTPException(HTTPStatus.BAD_REQUEST, "expected the whole body") from None
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "expected a body of text in UTF-8") from None


class BodyLimit:
    """What says its length is refused at once, anything else as soon as it is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        # The server itself refuses a length that is no number.
        if said.isdecimal() and int(said) > MOST_BYTES:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LONG)(scope, receive, send)
            return
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LONG)
            return message

        await self._app(scope, receive_some, send)
