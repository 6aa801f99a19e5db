"""What the offer of a browser that sends says, read before anything is opened for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiortc.sdp import SessionDescription

from streamer.webrtc.offer import MalformedOffer, UnfitOffer

CODECS: Final = ("video/h264", "video/vp8")
"""What is decoded here, the best first."""


@dataclass(frozen=True, slots=True)
class PublishOffer:
    """A session description with one video to receive.

    Attributes:
        sdp: its text.
        username: its ICE user name; another one means that ICE is to begin anew.
    """

    sdp: str
    username: str

    @classmethod
    def parse(cls, sdp: str) -> PublishOffer:
        """
        Raises:
            MalformedOffer: it is no session description.
            UnfitOffer: it sends no video, or none that is decoded here.
        """
        try:
            session = SessionDescription.parse(sdp)
        except (ValueError, AssertionError, IndexError, KeyError, TypeError, AttributeError):
            raise MalformedOffer("expected a session description (SDP), received something else") from None
        if not session.media:
            raise MalformedOffer("expected a session description with media, received one without")
        videos = [media for media in session.media if media.kind == "video"]
        if len(videos) != 1:
            raise UnfitOffer(f"expected one video in the offer, received {len(videos)}")
        [video] = videos
        if video.direction not in ("sendonly", "sendrecv"):
            raise UnfitOffer(f"expected a video to send (sendonly), received {video.direction}")
        if video.ice is None or not video.ice.usernameFragment or video.dtls is None:
            raise MalformedOffer("expected ICE and DTLS parameters in the offer, received none")
        if not any(codec.mimeType.lower() in CODECS for codec in video.rtp.codecs):
            raise UnfitOffer("expected H.264 or VP8 among the codecs of the offer")
        return cls(sdp, video.ice.usernameFragment)
