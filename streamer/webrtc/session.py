"""One viewer: its connection, the video it gets, and the boxes beside it."""

from __future__ import annotations

import json
import logging
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiortc import RTCIceCandidate, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from streamer.webrtc.offer import MOST_CANDIDATES, UNREADABLE, UnfitOffer
from streamer.webrtc.sender import PassedOn, UnitSender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamer.webrtc.feed import Feed, Kind, ViewerQueue
    from streamer.webrtc.offer import Fragment, Offer
    from streamer.webrtc.overlay import Overlay

log = logging.getLogger(__name__)

CONNECT_S: Final = 15.0
"""So long a viewer may take to connect."""
CHANNEL: Final = "detections"
MOST_BUFFERED_BYTES: Final = 64 * 1024
"""Of boxes that a viewer's connection does not take; the newest are left out then."""
UNANSWERABLE: Final = (*UNREADABLE, RuntimeError, InvalidAccessError, InvalidStateError, OperationError)
"""What aiortc raises for an offer that it reads but has no answer to."""


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
        tag: of what was agreed on, for requests that are about just that (``ETag``).
        watching: what it gets.
    """

    def __init__(self, watching: Watching, offer: Offer, peer: RTCPeerConnection) -> None:
        self.id = secrets.token_urlsafe(16)
        self.tag = secrets.token_urlsafe(8)
        self.watching = watching
        self._offer = offer
        self._peer = peer
        self._queue: ViewerQueue | None = None
        self._skipped = 0
        self._candidates = 0
        self._coming, self._come = anyio.create_memory_object_stream[RTCIceCandidate](MOST_CANDIDATES)
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
            PortsTaken: there is no port for it.
        """
        feed = self.watching.feed
        self._queue = self._queue_end.enter_context(feed.watched())
        sender = self._peer.addTrack(PassedOn())
        self._sender = UnitSender(sender, self._queue, feed.want_keyframe, self.leave)
        [transceiver] = [each for each in self._peer.getTransceivers() if each.sender is sender]
        transceiver.direction = "sendonly"
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType in ("video/H264", "video/rtx")])
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except UNANSWERABLE as error:
            log.debug("%s: an offer was not answered", self.watching.camera, exc_info=error)
            raise UnfitOffer("expected an offer of WebRTC that can be answered, received another") from None
        self._take(self._offer.candidates)
        return str(self._peer.localDescription.sdp)

    async def run(self) -> None:
        """Sends until the viewer goes, says that it does, or does not come at all."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._reach_out)
                with anyio.move_on_after(CONNECT_S):
                    await self._connected.wait()
                if self._connected.is_set():
                    tasks.start_soon(self._tell)
                    await self._ended.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self.close()

    async def close(self) -> None:
        """Lets go of everything; a session may be closed at any time, and again."""
        self.leave()
        self._queue_end.close()
        self._coming.close()
        self._come.close()
        await self._peer.close()

    @property
    def ended(self) -> bool:
        """Whether the viewer has gone."""
        return self._ended.is_set()

    def newly_skipped(self) -> int:
        """Units that were left out for this viewer since this was last asked."""
        before, self._skipped = self._skipped, self._queue.skipped if self._queue else 0
        return self._skipped - before

    def leave(self) -> None:
        """The viewer says that it goes."""
        self._ended.set()
        self._connected.set()

    def add(self, fragment: Fragment) -> None:
        """More addresses of the viewer; UnfitOffer where they are too many."""
        if self._candidates + len(fragment.candidates) > MOST_CANDIDATES:
            raise UnfitOffer(f"expected at most {MOST_CANDIDATES} candidates in one session")
        self._take(fragment.candidates)

    def is_restarted_by(self, fragment: Fragment) -> bool:
        """Whether it asks for ICE to begin anew, which a connection of aiortc cannot."""
        return fragment.username not in (None, self._offer.username)

    def _take(self, candidates: Sequence[RTCIceCandidate]) -> None:
        self._candidates += len(candidates)
        for candidate in candidates:
            self._coming.send_nowait(candidate)

    async def _reach_out(self) -> None:
        """A name among the addresses takes its time to be found; the others do not wait for it."""
        async with anyio.create_task_group() as tasks:
            async for candidate in self._come:
                tasks.start_soon(self._try, candidate)

    async def _try(self, candidate: RTCIceCandidate) -> None:
        try:
            await self._peer.addIceCandidate(candidate)
        except (OSError, *UNREADABLE) as error:
            # Names are asked for by multicast, which a machine may not have.
            log.debug("%s: an address of a viewer cannot be used", self.watching.camera, exc_info=error)

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
