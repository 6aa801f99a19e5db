"""What browsers are told of each answer: where its scripts come from, who may frame it, what it may use."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

from streamer.api.routing import path_within

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OUR_PAGES: Final = re.compile(r"/login|/docs|/(watch|send)/[^/]*")
"""Written by hand: they load all scripts from files."""
ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with that, browsers say of a form on our own page that it comes from nowhere.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
COMMON: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'"
)
MADE: Final = "script-src 'self' 'unsafe-inline' 'unsafe-eval'"
"""Pages that are made by NiceGUI compile their templates in the browser."""


class SecureHeaders:
    """Adds to each answer the headers that it does not have itself."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = path_within(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-cache")
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", self._policy(path, is_page))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _policy(self, path: str, is_page: bool) -> str:
        scripts = MADE if is_page and not OUR_PAGES.fullmatch(path) else "script-src 'self'"
        # Nobody may be made to type a password into a page within another one.
        framed_by = "'none'" if path == "/login" else " ".join(["'self'", *self._origins])
        return f"{COMMON}; {scripts}; frame-ancestors {framed_by}"
