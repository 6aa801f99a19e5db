"""Video over a WebSocket, for players of fragmented MP4 (Media Source Extensions), and boxes beside it.

The first message is text, ``{"type": "stream", "codec": .., "width": .., "height": .., "origin": .., ..}``,
the second one the initialisation segment. Then comes a fragment for each picture, and text with what was
found: the boxes of ``pts`` belong to the picture at ``(pts + origin) / 90000`` seconds in the media.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anyio
from fastapi import WebSocket, WebSocketDisconnect, status
from starlette.websockets import WebSocketState

from streamer.api.silence import Silence
from streamer.errors import StreamerError, UnknownCamera
from streamer.webrtc.choice import Wish
from streamer.webrtc.refusals import NothingToShow, TooMany
from streamer.webrtc.viewers import Viewers

if TYPE_CHECKING:
    from streamer.webrtc.channel import Channel
    from streamer.webrtc.fragments import Header

log = logging.getLogger(__name__)

CODES: Final[dict[type[StreamerError], int]] = {
    UnknownCamera: status.WS_1008_POLICY_VIOLATION,
    NothingToShow: status.WS_1013_TRY_AGAIN_LATER,
    TooMany: status.WS_1013_TRY_AGAIN_LATER,
}
MOST_REASON_BYTES: Final = 123
"""Of a close frame (RFC 6455, section 5.5)."""
STALLED_S: Final = 30.0
"""Who takes nothing for so long has gone without a word."""
FAREWELL_S: Final = 1.0


async def play(websocket: WebSocket, viewers: Viewers, silence: Silence, camera: str, wish: Wish) -> None:
    """One viewer, from its request to its end."""
    # A page hears why it is refused only from a socket that is open.
    await websocket.accept()
    try:
        viewers.streams(camera)
        silence.refuse(camera)
        async with viewers.watched(camera, wish) as channel:
            await _Playing(websocket, channel).run()
        await _close(websocket, status.WS_1012_SERVICE_RESTART, "the pictures begin anew")
    except tuple(CODES) as error:
        await _close(websocket, CODES[type(error)], str(error))


class _Playing:
    """A socket while it is sent to."""

    def __init__(self, websocket: WebSocket, channel: Channel) -> None:
        self._websocket = websocket
        self._channel = channel
        self._header: Header | None = None
        self._begun = anyio.Event()

    async def run(self) -> None:
        """Until the viewer goes, or the pictures end; a slow one goes on at the next key frame."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_gone, tasks.cancel_scope)
                tasks.start_soon(self._send_boxes)
                await self._send_fragments()
                tasks.cancel_scope.cancel()
        except* WebSocketDisconnect:
            log.debug("a viewer left while it was sent to")

    async def _send_fragments(self) -> None:
        with self._channel.fragments.played() as film, film.feed.watched() as queue:
            while (fragment := await queue.take()) is not None:
                with anyio.move_on_after(STALLED_S) as patience:
                    if self._header is None:
                        assert film.header is not None, "fragments have one"
                        await self._send_header(film.header)
                    await self._websocket.send_bytes(fragment.data)
                if patience.cancelled_caught:
                    return

    async def _send_header(self, header: Header) -> None:
        self._header = header
        picture = {"codec": header.codec, "width": header.width, "height": header.height}
        await self._tell({"type": "stream", **picture, "origin": header.origin, **self._channel.overlay.head})
        await self._websocket.send_bytes(header.segment)
        self._begun.set()

    async def _send_boxes(self) -> None:
        await self._begun.wait()
        with self._channel.overlay.watched() as messages:
            while True:
                await self._websocket.send_text(await messages.take())

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(message, separators=(",", ":")))

    async def _until_gone(self, scope: anyio.CancelScope) -> None:
        while (await self._websocket.receive())["type"] != "websocket.disconnect":
            pass
        scope.cancel()


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Unless the viewer is gone already, or takes nothing any more."""
    shortened = reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
    if websocket.client_state is WebSocketState.CONNECTED:
        with anyio.move_on_after(FAREWELL_S), suppress(WebSocketDisconnect):
            await websocket.close(code, shortened)
