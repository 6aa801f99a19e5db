"""One browser that sends: its connection, and the pictures that come over it."""

from __future__ import annotations

import secrets
import time
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp

from streamer.webrtc.decoding import bound
from streamer.webrtc.offer import UnfitOffer
from streamer.webrtc.publish_offer import CODECS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import MediaStreamTrack

    from streamer.webrtc.offer import Fragment
    from streamer.webrtc.publish_offer import PublishOffer

CONNECT_S: Final = 15.0
"""So long a browser may take to connect."""
IDLE_S: Final = 60.0
"""A connection over which no picture came for so long is ended; a phone may look away for a while."""
REFUSED: Final = (
    ValueError,
    KeyError,
    IndexError,
    AssertionError,
    AttributeError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)


class Publisher:
    """A browser's connection, from its offer to its end.

    Attributes:
        id: names it in its address; not to be guessed.
        camera: which it sends the pictures of.
    """

    def __init__(self, camera: str, offer: PublishOffer, configuration: RTCConfiguration) -> None:
        self.id = secrets.token_urlsafe(16)
        self.camera = camera
        self._offer = offer
        self._peer = RTCPeerConnection(configuration)
        self._track: MediaStreamTrack | None = None
        self._keyframe_wanted = Event()
        self._picture_at = time.monotonic()
        self._ended = anyio.Event()
        self._connected = anyio.Event()
        self._peer.on("connectionstatechange", self._state_changed)

    def silent_s(self, now: float) -> float:
        """For how long no picture came, from the offer on."""
        return now - self._picture_at

    async def answer(self, left_out: Callable[[], None]) -> str:
        """Takes the offer and gives the answer to it; the publisher then has to ``run``.

        Args:
            left_out: hears of each picture that is not decoded, because this machine is too slow for it.

        Raises:
            UnfitOffer: it cannot be answered.
        """
        video = self._peer.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        codecs = capabilities.codecs if capabilities else []
        known = [each for mime in CODECS for each in codecs if each.mimeType.lower() == mime]
        video.setCodecPreferences([*known, *(each for each in codecs if each.mimeType == "video/rtx")])
        self._keyframe_wanted = bound(video.receiver, left_out)
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer"))
            for other in self._peer.getTransceivers():
                if other is not video:
                    # Sound would be decoded, and kept for nobody.
                    other.direction = "inactive"
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except REFUSED as error:
            raise UnfitOffer(f"the offer cannot be answered: {error or type(error).__name__}") from None
        self._track = video.receiver.track
        return str(self._peer.localDescription.sdp)

    async def run(self, take: Callable[[Any], None]) -> None:
        """Hands over what comes until the browser goes, says that it does, or does not come at all.

        Args:
            take: gets each decoded picture, in the event loop.
        """
        try:
            with anyio.move_on_after(CONNECT_S) as waiting:
                await self._connected.wait()
            if waiting.cancelled_caught or self._ended.is_set():
                return
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._receive, take)
                await self._ended.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self.close()

    async def close(self) -> None:
        """Lets go of everything; it may be closed at any time, and again."""
        self.leave()
        await self._peer.close()

    def leave(self) -> None:
        """The browser says that it goes, or has to."""
        self._ended.set()
        self._connected.set()

    async def add(self, fragment: Fragment) -> None:
        """More addresses of the browser."""
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

    async def _receive(self, take: Callable[[Any], None]) -> None:
        assert self._track is not None, "it was answered"
        try:
            while True:
                with anyio.fail_after(IDLE_S):
                    frame: Any = await self._track.recv()
                self._picture_at = time.monotonic()
                if frame.is_corrupt:
                    # Else its sender makes a key frame when it likes, and nothing is shown until then.
                    self._keyframe_wanted.set()
                take(frame)
        except (MediaStreamError, TimeoutError):
            self.leave()
