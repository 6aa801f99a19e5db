"""What the offer of a browser that sends says, read before anything is opened for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiortc import RTCIceCandidate

from streamer.webrtc.offer import Description, UnfitOffer

CODECS: Final = ("video/h264", "video/vp8")
"""What is decoded here, the best first."""


@dataclass(frozen=True, slots=True)
class PublishOffer:
    """A session description with one video to receive.

    Attributes:
        sdp: its text.
        username: its ICE user name; another one means that ICE is to begin anew.
        candidates: its addresses.
    """

    sdp: str
    username: str
    candidates: tuple[RTCIceCandidate, ...] = ()

    @classmethod
    def parse(cls, sdp: str) -> PublishOffer:
        """
        Raises:
            MalformedOffer: it is no session description.
            UnfitOffer: it sends no video, or none that is decoded here.
        """
        described = Description.parse(sdp)
        video = described.video
        if video.direction not in ("sendonly", "sendrecv"):
            raise UnfitOffer(f"expected a video to send (sendonly), received {video.direction}")
        if not any(codec.mimeType.lower() in CODECS for codec in video.rtp.codecs):
            raise UnfitOffer("expected H.264 or VP8 among the codecs of the offer")
        return cls(described.sdp, described.username, described.candidates)
