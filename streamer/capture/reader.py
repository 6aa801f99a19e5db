"""What a decode thread needs from a stream: access units, and the pictures in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Pace: TypeAlias = Literal["source", "clock", "consumer"]
"""Who sets the pace of the units: a camera itself, the timestamps of a recording, or whoever takes them."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One access unit as it came.

    Attributes:
        ticks: the stream's own presentation time in 90 kHz; None when it has none.
        captured_at: UTC; when the camera took it, or when it came.
        keyframe: whether decoding can start here.
        packet: the coded picture; None where pictures are made, not decoded.
    """

    ticks: int | None
    captured_at: datetime
    keyframe: bool
    packet: av.Packet[VideoStream] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture that is not yet converted.

    Attributes:
        pts: ticks of 90 kHz on the source's line of media time.
        decoded_at: monotonic seconds.
        to_bgr: makes the picture, uint8 HxWx3 BGR; from any one thread at a time.
    """

    pts: int
    captured_at: datetime
    decoded_at: float
    to_bgr: Callable[[], NDArray[np.uint8]]


class Reader(Protocol):
    """One connection to one stream; blocking, used by one thread.

    A lost connection raises ``SourceUnavailable``, a damaged access unit ``DamagedUnit``; their text is a
    reason for people.

    Attributes:
        intra_only: every picture stands alone, so one that isn't due needn't be decoded.
        pace: see ``Pace``.
        codec: ``h264``, ``hevc``, ``mjpeg`` ..; None where pictures are made.
        frames_total: pictures in a recording, as far as it says.
    """

    intra_only: bool
    pace: Pace
    codec: str | None
    frames_total: int | None

    def units(self) -> Iterator[Unit]:
        """Access units in decoding order, until the end of the stream."""

    def decode(self, unit: Unit, pts: int) -> Sequence[Picture]:
        """The pictures that became complete with ``unit``, whose own picture is at ``pts``."""

    def flush(self) -> Sequence[Picture]:
        """At the end of the stream: the pictures that the decoder still holds."""

    def annex_b(self, unit: Unit) -> bytes:
        """The unit for a decoder that starts here: Annex B, parameter sets before a key frame."""

    def close(self) -> None:
        """Let go of the connection; nothing is read after it."""
