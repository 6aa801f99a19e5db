"""One viewer: its connection, the video it gets, and the boxes beside it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiortc import RTCPeerConnection, RTCRtpSender

from streamer.webrtc.link import Link
from streamer.webrtc.profiles import renamed
from streamer.webrtc.sender import PassedOn, UnitSender

if TYPE_CHECKING:
    from streamer.webrtc.feed import Feed, Kind, ViewerQueue
    from streamer.webrtc.guest import Guest
    from streamer.webrtc.offer import Offer
    from streamer.webrtc.overlay import Overlay

CHANNEL: Final = "detections"
PASSED_ON: Final = frozenset({"sub", "main"})
"""The kinds of streams that are the camera's own."""
HEAD_EVERY_S: Final = 1.0
"""What boxes are about is told again after so long."""
MOST_BUFFERED_BYTES: Final = 64 * 1024
"""Of boxes that a viewer's connection does not take; the newest are left out then."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What one viewer watches.

    Attributes:
        camera: its name.
        kind: which of its streams.
        feed: its coded pictures.
        overlay: what is told of them on the data channel.
    """

    camera: str
    kind: Kind
    feed: Feed
    overlay: Overlay


class Session:
    """A viewer's connection, from its offer to its end.

    Attributes:
        link: its connection.
        watching: what it gets.
    """

    def __init__(self, watching: Watching, guest: Guest, offer: Offer, peer: RTCPeerConnection) -> None:
        self.link = Link(watching.camera, guest, offer, peer)
        self.watching = watching
        self._foreign = offer.foreign
        self._queue: ViewerQueue | None = None
        self._skipped = 0
        self._opened = anyio.Event()
        self._channel: Any = None
        self._sender: UnitSender | None = None
        self._queue_end = ExitStack()
        peer.on("datachannel", self._channel_opened)

    @property
    def id(self) -> str:
        return self.link.id

    async def answer(self) -> str:
        """Takes the offer and gives the answer to it; the session then has to ``run``.

        Raises:
            UnfitOffer: it cannot be answered.
            PortsTaken: there is no port for it.
        """
        feed, peer = self.watching.feed, self.link.peer
        self._queue = self._queue_end.enter_context(feed.watched())
        sender = peer.addTrack(PassedOn())
        self._sender = UnitSender(sender, self._queue, self._lose_place, self.link.leave)
        [transceiver] = [each for each in peer.getTransceivers() if each.sender is sender]
        transceiver.direction = "sendonly"
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType in ("video/H264", "video/rtx")])
        return renamed(await self.link.answer(), self._foreign)

    async def run(self, arrived: Callable[[], None]) -> None:
        """Sends until the viewer goes, says that it does, or does not come at all; it then has to be closed.

        Args:
            arrived: hears that the viewer is connected.
        """

        async def work() -> None:
            arrived()
            await self._tell()

        await self.link.run(work)

    async def close(self) -> None:
        """Lets go of everything; a session may be closed at any time, and again."""
        self._queue_end.close()
        await self.link.close()

    def newly_skipped(self) -> int:
        """Units that were left out for this viewer since this was last asked."""
        before, self._skipped = self._skipped, self._queue.skipped if self._queue is not None else 0
        return self._skipped - before

    def _lose_place(self) -> None:
        """The viewer needs a key frame. A camera makes none for it: the latest one is sent again."""
        feed = self.watching.feed
        if self.watching.kind in PASSED_ON and self._queue is not None:
            self._queue.begin_again(feed.group, time.monotonic())
        else:
            feed.want_keyframe()

    def _channel_opened(self, channel: Any) -> None:
        if channel.label == CHANNEL and self._channel is None:
            self._channel = channel
            self._opened.set()

    async def _tell(self) -> None:
        """Tells what was found, once there is a channel for it and a first picture that it can be about."""
        await self._opened.wait()
        while self._sender is None or self._sender.origin is None:
            await anyio.sleep(0.02)
        overlay, told_at = self.watching.overlay, -math.inf
        with overlay.watched() as messages:
            while True:
                # Nothing is sent twice on this channel: without its head, all the rest would mean nothing.
                if time.monotonic() - told_at >= HEAD_EVERY_S:
                    told_at = time.monotonic()
                    self._send({"type": "stream", "origin": self._sender.origin, **overlay.head})
                self._send_text(await messages.take())

    def _send(self, message: dict[str, Any]) -> None:
        self._send_text(json.dumps(message, separators=(",", ":")))

    def _send_text(self, text: str) -> None:
        channel = self._channel
        if channel.readyState == "open" and channel.bufferedAmount < MOST_BUFFERED_BYTES:
            channel.send(text)
