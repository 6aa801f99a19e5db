"""Packets as the byte stream of H.264 and H.265, Annex B."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import av
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

START_CODE: Final = b"\0\0\1"
SEARCHED_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a codec marks its units.

    Attributes:
        filter: libav's filter that makes Annex B of other packings, and leaves Annex B alone.
        unit_type: the type of a unit, from the byte after its start code.
        parameters: type of the unit that comes first before a key frame (SPS; in H.265 the VPS).
    """

    filter: str
    unit_type: Callable[[int], int]
    parameters: int


SYNTAX: Final = {
    # ITU-T H.264 7.3.1, H.265 7.3.1.2
    "h264": Syntax("h264_mp4toannexb", lambda byte: byte & 0x1F, 7),
    "hevc": Syntax("hevc_mp4toannexb", lambda byte: byte >> 1 & 0x3F, 32),
}


def begins_with_parameters(codec: str, data: bytes) -> bool:
    """Whether a unit of Annex B has its parameter sets before its first picture."""
    syntax = SYNTAX[codec]
    at = data.find(START_CODE, 0, SEARCHED_BYTES)
    while at >= 0 and at + len(START_CODE) < len(data):
        if syntax.unit_type(data[at + len(START_CODE)]) == syntax.parameters:
            return True
        at = data.find(START_CODE, at + len(START_CODE), SEARCHED_BYTES)
    return False


class AnnexB:
    """Turns the packets of a stream into Annex B, with parameter sets before each key frame."""

    def __init__(self, stream: VideoStream) -> None:
        self._codec = stream.codec_context.name
        self._filter = BitStreamFilterContext(SYNTAX[self._codec].filter, stream)
        # An RTSP camera may tell its parameter sets in the session description only.
        extradata = stream.codec_context.extradata or b""
        self._parameters = extradata if extradata.lstrip(b"\0").startswith(b"\1") else b""

    def __call__(self, packet: av.Packet[VideoStream]) -> bytes:
        # A copy: the filter empties its packet, which is still to be decoded.
        copy = av.Packet(bytes(packet))
        data = b"".join(bytes(filtered) for filtered in self._filter.filter(copy))
        if packet.is_keyframe and not begins_with_parameters(self._codec, data):
            return self._parameters + data
        return data
