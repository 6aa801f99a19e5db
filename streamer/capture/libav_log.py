"""What libav says on its log about a stream, where it says so nowhere else: packets lost, pictures spoilt."""

from __future__ import annotations

import logging
from typing import Final

import av.logging

LOST: Final = ("RTP: missed", "bad cseq")
"""By the RTP demuxer, which knows the sequence numbers (rtpdec.c)."""
SPOILT: Final = (
    "error while decoding MB",
    "reference picture missing",
    "Missing reference picture",
    "no frame!",
    "decode_slice_header error",
    "First slice in a frame missing",
    "Could not find ref with POC",
    "Error parsing NAL unit",
    "CABAC_MAX_BIN",
    "cu_qp_delta",
    "slice_segment_address",
)
"""By the decoders of H.264 and H.265. Not all that they call an error: cameras write broken SEI and VUI."""


class LibavLog:
    """Hears what libav says to the thread that opened it; closed by the same thread.

    libav calls back in the thread that reads or decodes, so a message belongs to what was just asked for.
    Nothing is said of a healthy stream, and then nothing is paid.
    """

    def __init__(self) -> None:
        # libav quotes addresses with their passwords: nobody hears it but us.
        logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
        # Else of two losses alike the second is left out.
        av.logging.set_skip_repeated(False)
        av.logging.set_level(av.logging.WARNING)
        self._capture = av.logging.Capture()
        self._said = self._capture.__enter__()

    def close(self) -> None:
        """Hears no more."""
        self._capture.__exit__(None, None, None)

    def lost(self) -> bool:
        """Whether packets were lost since it was asked last."""
        return bool(self._said) and self._heard(LOST)

    def spoilt(self) -> bool:
        """Whether a picture could not be decoded as it was sent, since it was asked last."""
        return bool(self._said) and self._heard(SPOILT)

    def reason(self) -> str | None:
        """The first error since it was asked last, as libav says it."""
        said = [text.strip() for level, _, text in self._said if level <= av.logging.ERROR]
        self._said.clear()
        return said[0] if said else None

    def _heard(self, signs: tuple[str, ...]) -> bool:
        heard = any(sign in text for _, _, text in self._said for sign in signs)
        self._said.clear()
        return heard
