"""What a source yields: pictures with their time, and packets as they came from the camera."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.pixels import Pixels

PTS_CLOCK_HZ: Final = 90_000
"""Ticks per second of every pts in Sightline (RFC 3551, the RTP clock of video)."""

Clock: TypeAlias = Literal["camera", "host"]
"""Whose clock a capture time is of: the camera's (RTCP sender reports), or ours at its arrival."""

Stream: TypeAlias = Literal["main", "sub"]
"""Which one of a camera's two streams: the larger one, or the one that is detected on."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of one camera.

    Attributes:
        camera: name of the camera.
        sequence: number of the frame within its source, from 0; gaps are frames that were left out.
        pts: media time in ticks of 90 kHz; rises across reconnects and loops.
        captured_at: when the camera took it, UTC; by its own clock (RTCP sender reports) while that agrees
            with the time of arrival, else that time.
        decoded_at: ``time.monotonic()`` seconds at which the picture was decoded.
        pixels: the picture itself, converted when somebody looks at it.
        clock: whose clock ``captured_at`` is by.
    """

    camera: str
    sequence: int
    pts: int
    captured_at: datetime
    decoded_at: float
    pixels: Pixels
    clock: Clock = "host"

    @property
    def time_s(self) -> float:
        """Media time in seconds; the only clock of tracking and events."""
        return self.pts / PTS_CLOCK_HZ

    @property
    def image(self) -> NDArray[np.uint8]:
        """uint8 HxWx3, BGR; the first look at it may convert it."""
        return self.pixels.bgr()

    @property
    def width(self) -> int:
        return self.pixels.width

    @property
    def height(self) -> int:
        return self.pixels.height


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """One access unit of a camera's video stream, untouched.

    Attributes:
        camera: name of the camera.
        pts: media time in ticks of 90 kHz, the same as on the frame decoded from it.
        keyframe: whether decoding can start here.
        data: Annex B bytes (H.264, H.265).
        captured_at_s: when the camera took the picture, seconds since 1970, by ``clock``.
        arrived_at: ``time.monotonic()`` seconds.
        clock: whose clock ``captured_at_s`` is by; see ``Frame``.
    """

    camera: str
    pts: int
    keyframe: bool
    data: bytes
    captured_at_s: float = 0.0
    arrived_at: float = 0.0
    clock: Clock = "host"
