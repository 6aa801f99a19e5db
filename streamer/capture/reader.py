"""What a decode thread needs from a stream: its access units, and the pictures in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, TypeVar

from detectors.pixels import Pixels
from streamer.frame import Clock

Pace: TypeAlias = Literal["source", "clock", "consumer"]
"""Who sets the pace of the units: a camera itself, the timestamps of a recording, or whoever takes them."""


class Decoded(Protocol):
    """A picture as its decoder made it; ``pts`` is that of the unit it came from."""

    @property
    def pts(self) -> int | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that is due.

    Attributes:
        pts: ticks of 90 kHz on the source's line of media time.
        captured_at: UTC.
        decoded_at: monotonic seconds.
        pixels: what is seen.
        clock: whose clock ``captured_at`` is by.
        clock_offset_s: by how much the camera's clock is ahead of ours; None when it tells no time.
    """

    pts: int
    captured_at: datetime
    decoded_at: float
    pixels: Pixels
    clock: Clock = "host"
    clock_offset_s: float | None = None


D = TypeVar("D", bound=Decoded)


class Reader(Protocol[D]):
    """One connection to one stream; blocking, used by one thread.

    It works like a cursor, because a record per access unit would cost as much as a tenth of decoding:
    ``units`` moves on, everything else is about the unit where it stands.

    A lost connection raises ``SourceUnavailable``, a damaged access unit ``DamagedUnit``.

    Attributes:
        intra_only: every picture stands alone, so one that isn't due needn't be decoded.
        pace: see ``Pace``.
        codec: ``h264``, ``hevc``, ``mjpeg`` ..; None where pictures are made, not decoded.
        frames_total: pictures in a recording, as far as it says.
        began_at: when a recording was made; None for what is live.
        damaged: a loss was noticed at or before this unit, since the one before it; also while decoding it.
    """

    intra_only: bool
    pace: Pace
    codec: str | None
    frames_total: int | None
    began_at: datetime | None
    damaged: bool

    def units(self) -> Iterator[int | None]:
        """Goes through the access units in decoding order, until the end of the stream.

        Yields:
            the stream's own presentation time in ticks of 90 kHz; None when it has none.
        """

    def decode(self, pts: int) -> Sequence[D]:
        """The pictures that became complete with this unit, whose own picture is at ``pts``."""

    def leave(self, pts: int) -> None:
        """Doesn't decode this unit; should a later one need it, ``decode`` makes up for it."""

    def flush(self) -> Sequence[D]:
        """At the end of the stream: the pictures that the decoder still holds."""

    def picture(self, decoded: D, pts: int) -> Picture:
        """What ``decode`` just returned, as a picture at ``pts``."""

    @property
    def keyframe(self) -> bool:
        """Whether decoding can start at this unit."""

    @property
    def leavable(self) -> bool:
        """Whether key frames can be decoded alone, and nothing is then held back: there are no B-frames."""

    @property
    def decoder(self) -> str | None:
        """Where pictures are decoded, once there was one: ``cpu``, ``cuda``, ``qsv``; None for made ones."""

    def annex_b(self) -> bytes:
        """This unit for a decoder that starts here: Annex B, parameter sets before a key frame."""

    def close(self) -> None:
        """Lets go of the connection; nothing is read after it."""
