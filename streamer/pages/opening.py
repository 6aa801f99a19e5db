"""Opens the pages on the application that the rest of the HTTP interface is of."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.routing import Match, Mount

from streamer.pages.assets import FOLDER as ASSETS

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from streamer.pages.parts import Parts

FIRST_PARTS: Final = frozenset(
    {"", "cameras", "events", "label", "train", "models", "system", ASSETS, "_nicegui", "_nicegui_ws"}
)
"""Of the addresses that are answered here; all others stay with the rest of the interface."""
VERSIONED: Final = frozenset({ASSETS, "_nicegui"})
"""Of files that never change: their addresses do."""
FOR_EVER: Final = "public, max-age=31536000, immutable"


UNASKED_S: Final = 5.0
"""So long nothing else competes with the start of the cameras, unless somebody asks for a page."""


class Pages:
    """The pages of one process. They are made once somebody asks, or a little after the start: importing
    NiceGUI takes a moment."""

    def __init__(self, parts: Parts) -> None:
        """
        Args:
            parts: what the pages are made from.
        """
        self._parts = parts
        self._inner: ASGIApp | None = None
        self._asked = anyio.Event()
        self._opened = anyio.Event()

    def add_to(self, app: FastAPI) -> None:
        """Answer at the addresses of the pages."""
        app.router.routes.append(_Within("/", self))

    async def run(self) -> None:
        """Open them, and keep them open until this is cancelled."""
        with anyio.move_on_after(UNASKED_S):
            await self._asked.wait()
        await to_thread.run_sync(partial(import_module, "streamer.pages.site"))
        from streamer.pages.recorder import Recorder
        from streamer.pages.site import open_site

        recorder = Recorder(self._parts.registry)
        async with open_site(self._parts, recorder) as self._inner:
            self._opened.set()
            await recorder.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._asked.set()
        await self._opened.wait()
        assert self._inner is not None
        is_versioned = _first_part(scope) in VERSIONED

        async def kept(message: Message) -> None:
            if is_versioned and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = FOR_EVER
            await send(message)

        await self._inner(scope, receive, kept)


class _Within(Mount):
    """A mount that leaves other addresses alone."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        return super().matches(scope) if _first_part(scope) in FIRST_PARTS else (Match.NONE, {})


def _first_part(scope: Scope) -> str:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.lstrip("/").partition("/")[0]
