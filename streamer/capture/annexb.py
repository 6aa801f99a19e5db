"""Packets as the byte stream of H.264 and H.265, Annex B."""

from __future__ import annotations

from typing import Final

import av
from av.video.stream import VideoStream

from streamer.capture.parameters import START_CODE, SYNTAX, Packing, ParameterSets

SEARCHED_BYTES: Final = 512
CHANGED: Final = "new_extradata"
"""libav's side data of a packet from which on other parameter sets count."""


def begins_with_parameters(codec: str, data: bytes) -> bool:
    """Whether a unit of Annex B has a parameter set before its first picture."""
    syntax = SYNTAX[codec]
    at = data.find(START_CODE, 0, SEARCHED_BYTES)
    while at >= 0 and at + len(START_CODE) < len(data):
        if syntax.unit_type(data[at + len(START_CODE)]) == syntax.sets[0]:
            return True
        at = data.find(START_CODE, at + len(START_CODE), SEARCHED_BYTES)
    return False


class AnnexB:
    """Turns the packets of a stream into Annex B, parameter sets of the moment before each key frame.

    An RTSP camera may tell them in its session description only, and others later among its pictures.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._codec = stream.codec_context.name
        self._sets = ParameterSets(self._codec)
        self._packing = self._told(stream.codec_context.extradata or b"")

    def __call__(self, packet: av.Packet[VideoStream]) -> bytes:
        if packet.has_sidedata(CHANGED):
            self._packing = self._told(bytes(packet.get_sidedata(CHANGED)))
        data = self._packing.annex_b(bytes(packet))
        complete = self._sets.told_in(data)
        return self._sets.before(data) if packet.is_keyframe and not complete else data

    def _told(self, extradata: bytes) -> Packing:
        packing = Packing.of(self._codec, extradata)
        for unit in packing.sets:
            self._sets.keep(unit)
        return packing
