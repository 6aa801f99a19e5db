"""JPEG pictures that replace each other (``multipart/x-mixed-replace``); any ``<img>`` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from starlette.responses import Response

from streamer.webrtc.choice import Wish
from streamer.webrtc.stills import Newest
from streamer.webrtc.viewers import Viewers

if TYPE_CHECKING:
    from anyio import CancelScope
    from starlette.types import Receive, Scope, Send

    from streamer.webrtc.feed import Feed

BOUNDARY: Final = "picture"
WISH: Final = Wish(pictures=True)


class LivePictures(Response):
    """Goes on until the viewer goes or the camera ends; who is slow misses pictures."""

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    def __init__(self, viewers: Viewers, camera: str) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._viewers = viewers
        self._camera = camera

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._viewers.watched(self._camera, WISH) as channel, anyio.create_task_group() as tasks:
            tasks.start_soon(until_gone, receive, tasks.cancel_scope)
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await _send_pictures(channel.feed, send)
            await send({"type": "http.response.body", "body": f"--{BOUNDARY}--\r\n".encode()})
            tasks.cancel_scope.cancel()


async def _send_pictures(feed: Feed, send: Send) -> None:
    newest = Newest(feed)
    with feed.heard_by(newest):
        while (unit := await newest.take()) is not None:
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(unit.data)}\r\n\r\n"
            body = b"".join((head.encode(), unit.data, b"\r\n"))
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def until_gone(receive: Receive, scope: CancelScope) -> None:
    """Ends what is sent once nobody takes it any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
