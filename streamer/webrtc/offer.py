"""What a viewer's offer says, read before anything is opened for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from aiortc.sdp import SessionDescription, candidate_from_sdp

from streamer.errors import StreamerError
from streamer.webrtc.h264 import Profile
from streamer.webrtc.profiles import KNOWN, foreign_profile, is_sent, renamed

if TYPE_CHECKING:
    from aiortc import RTCIceCandidate

MOST_CANDIDATES: Final = 64
MOST_LINES: Final = 1000
MOST_CODECS: Final = 128
"""Reading an offer takes as long as its codecs times its lines."""
MOST_MEDIA: Final = 8
HIGHEST_PORT: Final = 65535
HIGHEST_PAYLOAD_TYPE: Final = 127
HIGHEST_EXTENSION: Final = 255
NAME: Final = re.compile(r"[A-Za-z0-9+/_.-]{1,64}", re.ASCII)
LOCAL_NAME: Final = re.compile(r"[a-z0-9-]{1,63}\.local", re.ASCII | re.IGNORECASE)
"""What browsers say instead of an address (draft-ietf-mmusic-mdns-ice-candidates)."""
DIGESTS: Final = frozenset({"sha-256", "sha-384", "sha-512"})
UNREADABLE: Final = (
    ValueError,
    AssertionError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    StopIteration,
)
"""What aiortc's parser raises for what it cannot read."""


class MalformedOffer(StreamerError):
    """It is no session description."""


class UnfitOffer(StreamerError):
    """It is one, but nothing in it can be answered."""


@dataclass(frozen=True, slots=True)
class Description:
    """A session description with one video, whichever way it goes.

    Attributes:
        sdp: its text, without its candidates: names among them take a second each to be found.
        username: its ICE user name; another one means that ICE is to begin anew.
        video: what it says of the video, as aiortc reads it.
        candidates: its addresses.
    """

    sdp: str
    username: str
    video: Any
    candidates: tuple[RTCIceCandidate, ...]

    @classmethod
    def parse(cls, sdp: str) -> Description:
        """
        Raises:
            MalformedOffer: it is no session description.
            UnfitOffer: it has no video, or more than one.
        """
        text, said = _split(sdp)
        try:
            session = SessionDescription.parse(text)
        except UNREADABLE:
            raise MalformedOffer("expected a session description (SDP), received something else") from None
        _require_sound(session)
        videos: list[Any] = [media for media in session.media if media.kind == "video"]
        if len(videos) != 1:
            raise UnfitOffer(f"expected one video in the offer, received {len(videos)}")
        [video] = videos
        mids = [media.rtp.muxId for media in session.media]
        candidates = _candidates([(mids[index], candidate) for index, candidate in said])
        return cls(text, video.ice.usernameFragment, video, candidates)


@dataclass(frozen=True, slots=True)
class Offer:
    """A viewer's session description.

    Attributes:
        sdp: its text, without its candidates: names among them take a second each to be found.
        username: its ICE user name; another one means that ICE is to begin anew.
        profiles: what its H.264 decoders play.
        candidates: its addresses.
        foreign: a profile that the answer has to name, by its payload type; see ``foreign_profile``.
    """

    sdp: str
    username: str
    profiles: tuple[Profile, ...]
    candidates: tuple[RTCIceCandidate, ...] = ()
    foreign: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, sdp: str) -> Offer:
        """
        Raises:
            MalformedOffer: it is no session description.
            UnfitOffer: it wants no video, or none that is H.264 in packetization mode 1.
        """
        described = Description.parse(sdp)
        video = described.video
        if video.direction not in ("recvonly", "sendrecv"):
            raise UnfitOffer(f"expected a video to receive (recvonly), received {video.direction}")
        profiles = tuple(_profiles(video))
        if not profiles:
            raise UnfitOffer("expected H.264 among the codecs of the offer (packetization-mode 1)")
        foreign = foreign_profile(video.rtp.codecs)
        sdp = renamed(described.sdp, dict.fromkeys(foreign, KNOWN))
        return cls(sdp, described.username, profiles, described.candidates, foreign)


def _split(sdp: str) -> tuple[str, list[tuple[int, str]]]:
    """An offer without its candidates, and these with the number of their media."""
    said = sdp.splitlines()
    if len(said) > MOST_LINES or sdp.count("a=rtpmap:") > MOST_CODECS:
        raise MalformedOffer(f"expected at most {MOST_LINES} lines and {MOST_CODECS} codecs")
    lines, candidates, media = [], [], -1
    for line in said:
        media += line.startswith("m=")
        if line.startswith("a=candidate:"):
            candidates.append((max(media, 0), line.partition(":")[2]))
        elif line.strip() != "a=end-of-candidates":
            lines.append(line + "\r\n")
    return "".join(lines), candidates


def _require_sound(session: Any) -> None:
    """What aiortc believes, and fails on later when it is not so; MalformedOffer then."""
    if not 0 < len(session.media) <= MOST_MEDIA:
        raise MalformedOffer(f"expected a session description with 1 to {MOST_MEDIA} media")
    names = Counter(media.rtp.muxId for media in session.media)
    if any(count > 1 or not NAME.fullmatch(name) for name, count in names.items()):
        raise MalformedOffer("expected a name of its own (mid) for each of the media")
    bundled = [item for group in session.group if group.semantic == "BUNDLE" for item in group.items]
    if not set(bundled) <= set(names) or len(set(bundled)) < len(bundled):
        raise MalformedOffer("expected names of media in the group of those that are bundled")
    for media in session.media:
        _require_keys(media)
        _require_numbers(media)


def _require_keys(media: Any) -> None:
    ice, dtls = media.ice, media.dtls
    if not (ice.usernameFragment and ice.password and dtls is not None):
        raise MalformedOffer("expected ICE and DTLS parameters in the offer, received none")
    if not any(each.algorithm.lower() in DIGESTS for each in dtls.fingerprints):
        raise MalformedOffer("expected a fingerprint by SHA-256, SHA-384 or SHA-512 in the offer")


def _require_numbers(media: Any) -> None:
    codecs = [codec.payloadType for codec in media.rtp.codecs]
    extensions = [extension.id for extension in media.rtp.headerExtensions]
    if any(not 0 <= codec <= HIGHEST_PAYLOAD_TYPE for codec in codecs):
        raise MalformedOffer(f"expected payload types of 0 to {HIGHEST_PAYLOAD_TYPE}")
    if any(not 1 <= extension <= HIGHEST_EXTENSION for extension in extensions):
        raise MalformedOffer(f"expected header extensions of 1 to {HIGHEST_EXTENSION}")
    old = media.profile == "DTLS/SCTP"
    if media.kind == "application" and not old and not 1 <= (media.sctp_port or 0) <= HIGHEST_PORT:
        raise MalformedOffer(f"expected an SCTP port of 1 to {HIGHEST_PORT}")


def _profiles(video: Any) -> list[Profile]:
    found = []
    for codec in video.rtp.codecs:
        if not is_sent(codec):
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
        candidates: addresses of the viewer.
    """

    username: str | None
    candidates: tuple[RTCIceCandidate, ...]

    @classmethod
    def parse(cls, text: str) -> Fragment:
        """MalformedOffer when a line is none of a session description, or candidates are not readable."""
        username: str | None = None
        mid = "0"
        said: list[tuple[str, str]] = []
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
                    said.append((mid, argument))
        return cls(username, _candidates(said))


def _candidates(said: list[tuple[str, str]]) -> tuple[RTCIceCandidate, ...]:
    """Those that can be used; MalformedOffer when one is not readable."""
    if len(said) > MOST_CANDIDATES:
        raise MalformedOffer(f"expected at most {MOST_CANDIDATES} candidates")
    found = []
    for mid, text in said:
        try:
            candidate = candidate_from_sdp(text)
        except UNREADABLE:
            raise MalformedOffer("expected an ICE candidate (RFC 8839)") from None
        candidate.sdpMid = mid
        if _is_usable(candidate):
            found.append(candidate)
    return tuple(found)


def _is_usable(candidate: RTCIceCandidate) -> bool:
    """Whether we could send to it; RFC 8839 wants others, as those of TCP, to be passed over."""
    if candidate.protocol.lower() != "udp" or candidate.component != 1:
        return False
    if not 0 < candidate.port <= HIGHEST_PORT or not 0 <= candidate.priority < 1 << 32:
        return False
    if LOCAL_NAME.fullmatch(candidate.ip):
        return True
    try:
        address = ip_address(candidate.ip)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified)
