"""One viewer: its connection, the video it gets, and the boxes beside it."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from streamer.webrtc.offer import UnfitOffer
from streamer.webrtc.sender import PassedOn, UnitSender

if TYPE_CHECKING:
    from streamer.webrtc.feed import Feed, Kind
    from streamer.webrtc.offer import Fragment, Offer
    from streamer.webrtc.overlay import Overlay

CONNECT_S: Final = 15.0
"""So long a viewer may take to connect."""
CHANNEL: Final = "detections"
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
        id: names it in its address; not to be guessed.
        watching: what it gets.
    """

    def __init__(self, watching: Watching, offer: Offer, configuration: RTCConfiguration) -> None:
        self.id = secrets.token_urlsafe(16)
        self.watching = watching
        self._offer = offer
        self._peer = RTCPeerConnection(configuration)
        self._ended = anyio.Event()
        self._connected = anyio.Event()
        self._opened = anyio.Event()
        self._channel: Any = None
        self._sender: UnitSender | None = None
        self._queue_end = ExitStack()
        self._peer.on("connectionstatechange", self._state_changed)
        self._peer.on("datachannel", self._channel_opened)

    async def answer(self) -> str:
        """Takes the offer and gives the answer to it; the session then has to ``run``.

        Raises:
            UnfitOffer: it cannot be answered.
        """
        feed = self.watching.feed
        queue = self._queue_end.enter_context(feed.watched())
        sender = self._peer.addTrack(PassedOn())
        self._sender = UnitSender(sender, queue, feed.want_keyframe, self.leave)
        [transceiver] = [each for each in self._peer.getTransceivers() if each.sender is sender]
        transceiver.direction = "sendonly"
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType in ("video/H264", "video/rtx")])
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except (ValueError, KeyError, IndexError, AssertionError, AttributeError) as error:
            raise UnfitOffer(f"the offer cannot be answered: {error or type(error).__name__}") from None
        return str(self._peer.localDescription.sdp)

    async def run(self) -> None:
        """Sends until the viewer goes, says that it does, or does not come at all."""
        try:
            with anyio.move_on_after(CONNECT_S) as waiting:
                await self._connected.wait()
            if waiting.cancelled_caught or self._ended.is_set():
                return
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._tell)
                await self._ended.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self.close()

    async def close(self) -> None:
        """Lets go of everything; a session may be closed at any time, and again."""
        self._queue_end.close()
        self._ended.set()
        self._connected.set()
        await self._peer.close()

    def leave(self) -> None:
        """The viewer says that it goes."""
        self._ended.set()
        self._connected.set()

    async def add(self, fragment: Fragment) -> None:
        """More addresses of the viewer."""
        for mid, text in fragment.candidates:
            candidate = candidate_from_sdp(text)
            candidate.sdpMid = mid
            await self._peer.addIceCandidate(candidate)

    def is_restarted_by(self, fragment: Fragment) -> bool:
        """Whether it asks for ICE to begin anew, which a connection of aiortc cannot."""
        return fragment.username not in (None, self._offer.username)

    def _state_changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self.leave()

    def _channel_opened(self, channel: Any) -> None:
        if channel.label == CHANNEL and self._channel is None:
            self._channel = channel
            self._opened.set()

    async def _tell(self) -> None:
        """Tells what was found, once there is a channel for it and a first picture that it can be about."""
        await self._opened.wait()
        while self._sender is None or self._sender.origin is None:
            await anyio.sleep(0.02)
        overlay = self.watching.overlay
        self._send({"type": "stream", "origin": self._sender.origin, **overlay.head})
        with overlay.watched() as messages:
            while True:
                self._send_text(await messages.take())

    def _send(self, message: dict[str, Any]) -> None:
        self._send_text(json.dumps(message, separators=(",", ":")))

    def _send_text(self, text: str) -> None:
        channel = self._channel
        if channel.readyState == "open" and channel.bufferedAmount < MOST_BUFFERED_BYTES:
            channel.send(text)
