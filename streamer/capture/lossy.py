"""The simulated street over a network that loses packets."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count

import av
import av.error

from streamer.capture.camera_clock import CaptureTime
from streamer.capture.faults import DamagedUnit
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.capture.reader import Pace, Picture
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.capture.street.transmission import Transmission, Unit, decoder
from streamer.errors import SourceUnavailable
from streamer.frame import PTS_CLOCK_HZ


class LossyStreetReader:
    """A camera at the procedural street behind a bad network; see ``Reader``.

    Its pictures are really coded, really torn and really decoded: what is wrong with them is what libav makes
    of a stream with holes. Like an RTP receiver it knows from the packets' numbers that some are missing.
    """

    def __init__(self, options: StreetOptions, timeout_s: float) -> None:
        self.intra_only = False
        self.pace: Pace = "clock" if options.realtime else "consumer"
        self.codec: str | None = "h264"
        self.frames_total: int | None = None
        self.began_at: datetime | None = None
        self.damaged = self.leavable = False
        self.decoder: str | None = "cpu"
        self._options = options
        self._timeout_s = timeout_s
        self._street = Street(options)
        self._transmission = Transmission(options)
        self._context = decoder(self._transmission.parameters)
        self._to_bgr = BgrConverter()
        self._unit = Unit(b"", 0, 0, keyframe=False)

    def units(self) -> Iterator[int | None]:
        silent = 0
        for index in count():
            unit = self._transmission.send(self._street.frame(index).image, index)
            if unit.data:
                # A key frame that came whole needs nothing of what is missing before it.
                self._unit, self.damaged = unit, unit.lost > 0 or (silent > 0 and not unit.keyframe)
                silent = 0
                yield round(index * PTS_CLOCK_HZ / self._options.fps)
                continue
            silent += 1
            if silent > self._timeout_s * self._options.fps:
                raise SourceUnavailable("the stream froze")

    def decode(self, pts: int) -> Sequence[av.VideoFrame]:
        packet = av.Packet(self._unit.data)
        packet.pts, packet.time_base = pts, Fraction(1, PTS_CLOCK_HZ)
        try:
            return self._context.decode(packet)
        except av.error.InvalidDataError:
            self.damaged = True
            raise DamagedUnit from None

    def leave(self, pts: int) -> None:
        """Not asked for: what is left out here is still to be decoded."""

    def flush(self) -> Sequence[av.VideoFrame]:
        return []

    def picture(self, decoded: av.VideoFrame, pts: int) -> Picture:
        return Picture(pts, datetime.now(UTC), time.monotonic(), VideoPixels(decoded, self._to_bgr))

    def taken(self) -> CaptureTime:
        return CaptureTime(time.time(), "host")

    @property
    def keyframe(self) -> bool:
        return self._unit.keyframe

    def annex_b(self) -> bytes:
        return self._transmission.parameters + self._unit.data if self.keyframe else self._unit.data

    def close(self) -> None:
        """Nothing is open."""
