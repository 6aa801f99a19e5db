"""H.264 as bytes: its units, their packets for RTP, and what its parameter sets say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiortc.codecs.h264 import H264Encoder

START_CODE: Final = b"\0\0\1"

SLICE_OF_IDR: Final = 5
SEQUENCE_PARAMETERS: Final = 7
PICTURE_PARAMETERS: Final = 8
DELIMITER: Final = 9
PASSED_OVER: Final = frozenset({DELIMITER, 12})
"""Access unit delimiters and filler: they cost packets and say nothing to a receiver."""

BASELINE, MAIN, HIGH = 66, 77, 100
RANKS: Final = {BASELINE: 0, MAIN: 1, 88: 1, HIGH: 2}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a decoder has to be able to do (ITU-T H.264, annex A).

    Attributes:
        idc: 66 baseline, 77 main, 100 high.
        constraints: the byte of constraint flags.
        level: ten times the level's number.
    """

    idc: int
    constraints: int
    level: int

    @classmethod
    def parse(cls, text: str) -> Profile:
        """From ``profile-level-id`` of an SDP (RFC 6184, section 8.1); ValueError when it is none."""
        if len(text) != 6:
            raise ValueError(f"expected six hexadecimal digits, received {text!r}")
        idc, constraints, level = bytes.fromhex(text)
        return cls(idc, constraints, level)

    def __str__(self) -> str:
        return bytes((self.idc, self.constraints, self.level)).hex()

    def plays(self, other: Profile) -> bool:
        """Whether what offers this one decodes the other; levels are hints that no browser keeps to."""
        return RANKS.get(self.idc, -1) >= RANKS.get(other.idc, len(RANKS))


def units(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream (ITU-T H.264, annex B), without start codes."""
    at = data.find(START_CODE)
    while at >= 0:
        begin = at + len(START_CODE)
        at = data.find(START_CODE, begin)
        unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit


def unit_type(unit: bytes) -> int:
    return unit[0] & 0x1F


def payloads(data: bytes) -> tuple[bytes, ...]:
    """The RTP payloads of an access unit in Annex B (RFC 6184, non-interleaved mode)."""
    sent = (unit for unit in units(data) if unit_type(unit) not in PASSED_OVER)
    return tuple(H264Encoder._packetize(sent))


def profile_of(data: bytes) -> Profile | None:
    """What the first sequence parameter set in an access unit asks for; None where there is none."""
    for unit in units(data):
        if unit_type(unit) == SEQUENCE_PARAMETERS and len(unit) > 3:
            return Profile(unit[1], unit[2], unit[3])
    return None
