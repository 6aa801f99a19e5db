"""The simulated street as a source."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from detectors.pixels import BgrPixels
from streamer.capture.address import Address
from streamer.capture.camera_clock import CaptureTime
from streamer.capture.lossy import LossyStreetReader
from streamer.capture.reader import Pace, Picture, Reader
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame
from streamer.config.tree import CameraConfig
from streamer.errors import ConfigError
from streamer.frame import PTS_CLOCK_HZ


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture of the street at its time."""

    pts: int
    frame: StreetFrame


class StreetReader:
    """A camera at the procedural street; see ``Reader``. A picture that isn't due is never drawn."""

    def __init__(self, options: StreetOptions) -> None:
        self.intra_only = True
        self.pace: Pace = "clock" if options.realtime else "consumer"
        self.codec: str | None = None
        self.frames_total: int | None = None
        self.began_at: datetime | None = None
        self.keyframe = True
        self.damaged = False
        self.leavable = False
        self.decoder: str | None = None
        self._fps = options.fps
        self._street = Street(options)
        self._index = -1

    def units(self) -> Iterator[int | None]:
        for index in count():
            self._index = index
            yield round(index * PTS_CLOCK_HZ / self._fps)

    def decode(self, pts: int) -> Sequence[Drawn]:
        return [Drawn(pts, self._street.frame(self._index))]

    def leave(self, pts: int) -> None:
        """Every picture stands alone."""

    def flush(self) -> Sequence[Drawn]:
        return []

    def picture(self, decoded: Drawn, pts: int) -> Picture:
        return Picture(pts, datetime.now(UTC), time.monotonic(), BgrPixels(decoded.frame.image))

    def taken(self) -> CaptureTime:
        return CaptureTime(time.time(), "host")

    def annex_b(self) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""


def street_opener(address: Address, camera: CameraConfig) -> Callable[[], Reader[Any]]:
    """Opens the street of this address; it always answers.

    Raises:
        ConfigError: an option is unknown or out of its bounds.
    """
    try:
        options = StreetOptions.from_url(address.opened)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if options.loss:
        return partial(LossyStreetReader, options, camera.timeout_s)
    return partial(StreetReader, options)
