"""Answers that go on: they end once those who take them are let in no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASKED_EVERY_S: Final = 2.0
DISCONNECT: Final[dict[str, dict[str, object]]] = {
    "http": {"type": "http.disconnect"},
    "websocket": {"type": "websocket.disconnect", "code": 1008},
}
END: Final[dict[str, dict[str, object]]] = {
    "http": {"type": "http.response.body", "body": b"", "more_body": False},
    "websocket": {"type": "websocket.close", "code": 1008, "reason": "signed out"},
}


class Lasting:
    """To the application it looks as if they had gone by themselves."""

    def __init__(self, app: ASGIApp, is_let_in: Callable[[], Awaitable[bool]]) -> None:
        self._app = app
        self._is_let_in = is_let_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        asked_at = anyio.current_time()
        is_over = has_ended = False

        async def send_and_see(message: Message) -> None:
            nonlocal has_ended
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            has_ended = last or message["type"] == "websocket.close"
            await send(message)

        async def receive_while_let_in() -> Message:
            nonlocal asked_at, is_over
            while True:
                with anyio.move_on_after(asked_at + ASKED_EVERY_S - anyio.current_time()):
                    return await receive()
                if not await self._is_let_in():
                    is_over = True
                    return dict(DISCONNECT[kind])
                asked_at = anyio.current_time()

        await self._app(scope, receive_while_let_in, send_and_see)
        if is_over and not has_ended:
            await send(dict(END[kind]))
