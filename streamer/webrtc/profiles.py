"""Offers of H.264 without a baseline profile, which aiortc alone has no answer to.

A decoder of a higher profile plays lower ones, too (ITU-T H.264, annex A.2), and what is sent is not coded by
aiortc: for it, any profile may have the name of the one it knows. The answer then names the one that was
offered, as it has to (RFC 6184, section 8.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from streamer.webrtc.h264 import BASELINE, RANKS, Profile

if TYPE_CHECKING:
    from typing import Any

KNOWN: Final = "42e01f"
FORMAT: Final = re.compile(r"(?m)^(a=fmtp:(\d+) .*?profile-level-id=)([0-9a-f]{6})\b", re.IGNORECASE)


def is_sent(codec: Any) -> bool:
    """Whether a codec of an offer is H.264 as it is sent here (non-interleaved mode)."""
    mode = codec.parameters.get("packetization-mode")
    return codec.mimeType.lower() == "video/h264" and mode in (1, "1")


def foreign_profile(codecs: list[Any]) -> dict[int, str]:
    """The payload type to be sent, and its profile; empty where aiortc knows one that is offered."""
    offered = [(codec.payloadType, _profile(codec)) for codec in codecs if is_sent(codec)]
    if not offered or any(profile.idc == BASELINE for _, profile in offered):
        return {}
    number, best = max(offered, key=lambda each: RANKS.get(each[1].idc, -1))
    return {number: str(best)}


def renamed(sdp: str, profiles: Mapping[int, str]) -> str:
    """A session description whose payload types have other profiles."""

    def other(match: re.Match[str]) -> str:
        return match[1] + profiles.get(int(match[2]), match[3])

    return FORMAT.sub(other, sdp)


def _profile(codec: Any) -> Profile:
    """What it says; baseline where that is nothing that can be read, or nothing at all."""
    try:
        return Profile.parse(str(codec.parameters.get("profile-level-id")))
    except ValueError:
        return Profile.parse(KNOWN)
