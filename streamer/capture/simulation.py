"""The simulated street as a source."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count

from streamer.capture.address import Address
from streamer.capture.reader import Pace, Picture, Reader, Unit
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.config import CameraConfig
from streamer.errors import ConfigError
from streamer.frame import PTS_CLOCK_HZ


class StreetReader:
    """A camera at the procedural street; see ``Reader``. A picture that isn't due is never drawn."""

    def __init__(self, options: StreetOptions) -> None:
        self.intra_only = True
        self.pace: Pace = "clock" if options.realtime else "consumer"
        self.codec: str | None = None
        self.frames_total: int | None = None
        self._fps = options.fps
        self._street = Street(options)
        self._index = -1

    def units(self) -> Iterator[Unit]:
        for index in count():
            self._index = index
            yield Unit(round(index * PTS_CLOCK_HZ / self._fps), datetime.now(UTC), keyframe=True)

    def decode(self, unit: Unit, pts: int) -> Sequence[Picture]:
        image = self._street.frame(self._index).image
        return [Picture(pts, unit.captured_at, time.monotonic(), lambda: image)]

    def flush(self) -> Sequence[Picture]:
        return []

    def annex_b(self, unit: Unit) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""


def street_opener(address: Address, camera: CameraConfig) -> Callable[[], Reader]:
    """Opens the street of this address; it always answers.

    Raises:
        ConfigError: an option is unknown or out of its bounds.
    """
    try:
        options = StreetOptions.from_url(address.opened)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return partial(StreetReader, options)
