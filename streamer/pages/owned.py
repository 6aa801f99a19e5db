"""An open page is its visitor's as they were when it was made: with other rights it is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode

from nicegui import Client

from streamer.api.access import visitor_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SOCKETS: Final = "_nicegui_ws"
NOBODY: Final = "nobody"


class Owned:
    """NiceGUI's application, to which the page of another visitor looks as if it were gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if SOCKETS in scope["path"]:
            scope = {**scope, "query_string": _owned(scope)}
        await self._app(scope, receive, send)


def _owned(scope: Scope) -> bytes:
    """What a socket asks for; it always says whose it is, as NiceGUI would believe it later, too."""
    said = scope["query_string"].decode("latin-1")
    asked = {name: values[0] for name, values in parse_qs(said, keep_blank_values=True).items()}
    page = Client.instances.get(asked.get("client_id", NOBODY))
    if page is None or page.request is None or visitor_of(page.request) != visitor_of(scope):
        asked["client_id"] = NOBODY
    return urlencode(asked).encode()
