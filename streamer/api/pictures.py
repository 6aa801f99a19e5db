"""JPEG pictures that replace each other (``multipart/x-mixed-replace``); any ``<img>`` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from starlette.responses import Response

from streamer.api.socket import STALLED_S
from streamer.webrtc.choice import Wish
from streamer.webrtc.stills import NEXT_S, Newest
from streamer.webrtc.viewers import Viewers

if TYPE_CHECKING:
    from anyio import CancelScope
    from starlette.types import Receive, Scope, Send

    from streamer.api.silence import Silence

BOUNDARY: Final = "picture"
WISH: Final = Wish(pictures=True)


class LivePictures(Response):
    """Goes on until the viewer goes, takes nothing any more, or the camera ends; who is slow misses pictures.

    It begins with the first picture, and without one is no answer but a problem: programs read why, and an
    ``<img>`` has its ``error``. A picture of words would be one of the camera to both.
    """

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    def __init__(self, viewers: Viewers, silence: Silence, camera: str) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._viewers = viewers
        self._silence = silence
        self._camera = camera

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._viewers.streams(self._camera)
        self._silence.refuse(self._camera)
        async with self._viewers.watched(self._camera, WISH) as channel:
            newest = Newest(channel.feed)
            with channel.feed.heard_by(newest):
                with anyio.move_on_after(NEXT_S):
                    await newest.first()
                if newest.is_empty:
                    raise self._silence.of(self._camera)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(until_gone, receive, tasks.cancel_scope)
                    await self._send(newest, send)
                    tasks.cancel_scope.cancel()

    async def _send(self, pictures: Newest, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while (unit := await pictures.take()) is not None:
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(unit.data)}\r\n\r\n"
            body = b"".join((head.encode(), unit.data, b"\r\n"))
            with anyio.move_on_after(STALLED_S) as patience:
                await send({"type": "http.response.body", "body": body, "more_body": True})
            if patience.cancelled_caught:
                return
        await send({"type": "http.response.body", "body": f"--{BOUNDARY}--\r\n".encode()})


async def until_gone(receive: Receive, scope: CancelScope) -> None:
    """Ends what is sent once nobody takes it any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
