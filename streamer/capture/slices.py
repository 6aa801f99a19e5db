"""What a coded picture of H.264 says of how it was coded."""

from __future__ import annotations

from typing import Final

from streamer.capture.parameters import START_CODE, SYNTAX, exp_golomb

BIDIRECTIONAL: Final = 1
KINDS: Final = 5
"""Slice types from 5 on say the same of the whole picture (ITU-T H.264, table 7-6)."""


def is_bidirectional(data: bytes) -> bool:
    """Whether the first slice of an access unit in Annex B is a B slice; such pictures are reordered."""
    at = data.find(START_CODE)
    while 0 <= at < len(data) - len(START_CODE):
        begin = at + len(START_CODE)
        if SYNTAX["h264"].unit_type(data[begin]) in SYNTAX["h264"].pictures:
            # It begins with the number of its first macroblock, 0: a single bit.
            bits = int.from_bytes(data[begin + 1 : begin + 4].ljust(3, b"\0"), "big") << 1
            return exp_golomb((bits & 0xFFFFFF).to_bytes(3, "big")) % KINDS == BIDIRECTIONAL
        at = data.find(START_CODE, begin)
    return False
