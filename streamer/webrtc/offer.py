"""What a viewer's offer says, read before anything is opened for it."""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.sdp import SessionDescription, candidate_from_sdp

from streamer.errors import StreamerError
from streamer.webrtc.h264 import Profile

MOST_CANDIDATES = 64


class MalformedOffer(StreamerError):
    """It is no session description."""


class UnfitOffer(StreamerError):
    """It is one, but nothing in it can be answered."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A viewer's session description.

    Attributes:
        sdp: its text.
        username: its ICE user name; another one means that ICE is to begin anew.
        profiles: what its H.264 decoders play.
    """

    sdp: str
    username: str
    profiles: tuple[Profile, ...]

    @classmethod
    def parse(cls, sdp: str) -> Offer:
        """
        Raises:
            MalformedOffer: it is no session description.
            UnfitOffer: it wants no video, or none that is H.264 in packetization mode 1.
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
        if video.direction not in ("recvonly", "sendrecv"):
            raise UnfitOffer(f"expected a video to receive (recvonly), received {video.direction}")
        if video.ice is None or not video.ice.usernameFragment or video.dtls is None:
            raise MalformedOffer("expected ICE and DTLS parameters in the offer, received none")
        profiles = tuple(_profiles(video))
        if not profiles:
            raise UnfitOffer("expected H.264 among the codecs of the offer (packetization-mode 1)")
        return cls(sdp, video.ice.usernameFragment, profiles)


def _profiles(video: object) -> list[Profile]:
    found = []
    for codec in video.rtp.codecs:  # type: ignore[attr-defined]  # untyped
        if codec.mimeType.lower() != "video/h264" or codec.parameters.get("packetization-mode") not in (
            1,
            "1",
        ):
            continue
        try:
            found.append(Profile.parse(str(codec.parameters.get("profile-level-id", "42000a"))))
        except ValueError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Fragment:
    """A trickled part of a session description (RFC 8840).

    Attributes:
        username: the ICE user name it belongs to; None where it says none.
        candidates: attribute values of the candidates, each with the mid of its media.
    """

    username: str | None
    candidates: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Fragment:
        """MalformedOffer when a line is none of a session description, or candidates are not readable."""
        username: str | None = None
        mid = "0"
        candidates: list[tuple[str, str]] = []
        for line in text.splitlines():
            if not line.strip():
                continue
            name, _, value = line.partition("=")
            if len(name) != 1 or not value:
                raise MalformedOffer("expected lines of a session description (RFC 8840)")
            key, _, argument = value.partition(":")
            match key:
                case "ice-ufrag":
                    username = argument
                case "mid":
                    mid = argument
                case "candidate":
                    candidates.append((mid, _checked(argument)))
        if len(candidates) > MOST_CANDIDATES:
            raise MalformedOffer(f"expected at most {MOST_CANDIDATES} candidates")
        return cls(username, tuple(candidates))


def _checked(candidate: str) -> str:
    try:
        candidate_from_sdp(candidate)
    except (ValueError, AssertionError, IndexError):
        raise MalformedOffer("expected an ICE candidate (RFC 8839)") from None
    return candidate
