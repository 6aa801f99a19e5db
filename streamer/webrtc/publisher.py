"""One browser that sends: its connection, and the pictures that come over it."""

from __future__ import annotations

import time
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.mediastreams import MediaStreamError

from streamer.webrtc.decoding import bound
from streamer.webrtc.link import Link
from streamer.webrtc.publish_offer import CODECS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import MediaStreamTrack

    from streamer.webrtc.guest import Guest
    from streamer.webrtc.publish_offer import PublishOffer

IDLE_S: Final = 60.0
"""A connection over which no picture came for so long is ended; a phone may look away for a while."""


class Publisher:
    """A browser's connection, from its offer to its end.

    Attributes:
        link: its connection.
        camera: which it sends the pictures of.
    """

    def __init__(self, camera: str, guest: Guest, offer: PublishOffer, peer: RTCPeerConnection) -> None:
        self.link = Link(camera, guest, offer, peer)
        self.camera = camera
        self._track: MediaStreamTrack | None = None
        self._keyframe_wanted = Event()
        self._picture_at = time.monotonic()

    @property
    def id(self) -> str:
        return self.link.id

    def silent_s(self, now: float) -> float:
        """For how long no picture came, from the offer on."""
        return now - self._picture_at

    async def answer(self, left_out: Callable[[], None]) -> str:
        """Takes the offer and gives the answer to it; the publisher then has to ``run``.

        Args:
            left_out: hears of each picture that is not decoded, because this machine is too slow for it.

        Raises:
            UnfitOffer: it cannot be answered.
            PortsTaken: there is no port for it.
        """
        peer = self.link.peer
        video = peer.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        codecs = capabilities.codecs if capabilities else []
        known = [each for mime in CODECS for each in codecs if each.mimeType.lower() == mime]
        video.setCodecPreferences([*known, *(each for each in codecs if each.mimeType == "video/rtx")])
        self._keyframe_wanted = bound(video.receiver, left_out)

        def only_video() -> None:
            # Sound would be decoded, and kept for nobody.
            for other in peer.getTransceivers():
                if other is not video:
                    other.direction = "inactive"

        answer = await self.link.answer(only_video)
        self._track = video.receiver.track
        return answer

    async def run(self, take: Callable[[Any], None]) -> None:
        """Hands over what comes until the browser goes, says that it does, or does not come at all.

        Args:
            take: gets each decoded picture, in the event loop.
        """
        try:
            await self.link.run(partial(self._receive, take))
        finally:
            await self.link.close()

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
            self.link.leave()
