"""Who may use the HTTP interface: those who know its token, and pages of the origins that are allowed."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, QueryParams
from starlette.middleware.cors import CORSMiddleware

from streamer.api.problems import problem

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from streamer.config.tree import HttpConfig

OPEN: Final = frozenset({"/healthz", "/readyz", "/player.js", "/watch.js", "/send.js"})
"""Pages ask for their scripts without a token, and these hold no secret."""
SCHEME: Final = "bearer "


def allow(app: FastAPI, config: HttpConfig) -> None:
    """Makes the application answer to those who may use it."""
    if config.token is not None:
        app.add_middleware(Access, config.token.get_secret_value())
    if config.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "If-Match"],
            expose_headers=["Accept-Patch", "ETag", "Link", "Location", "Retry-After"],
        )


class Access:
    """Lets requests pass that may; others get 401. Sockets and pages, which have no headers to set, may say
    the token as ``?token=``."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._may(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = {"WWW-Authenticate": "Bearer"}
            await problem(HTTPStatus.UNAUTHORIZED, "expected the token of this service", headers)(
                scope, receive, send
            )

    def _may(self, scope: Scope) -> bool:
        if scope["path"] in OPEN or scope.get("method") == "OPTIONS":
            return True
        said = Headers(scope=scope).get("authorization", "")
        token = said[len(SCHEME) :] if said.lower().startswith(SCHEME) else _asked(scope)
        return hmac.compare_digest(token.encode(), self._token.encode())


def _asked(scope: Scope) -> str:
    return QueryParams(scope.get("query_string", b"")).get("token", "")
