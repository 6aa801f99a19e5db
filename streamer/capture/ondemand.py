"""A stream that is read all the time and decoded hardly ever: only where somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamer.capture.beside import Beside
from streamer.capture.camera_clock import CaptureTime
from streamer.capture.clock import LOOP_GAP_TICKS, Rate
from streamer.capture.gop import CodedPixels, GroupOfPictures
from streamer.capture.parameters import SYNTAX
from streamer.capture.reader import Pace, Picture, Reader

if TYPE_CHECKING:
    from streamer.capture.place import Place

DECODED_FPS: Final = 5.0
"""Of a stream that cannot be kept coded so many pictures a second are decoded."""


class OnDemandReader:
    """Another reader, whose pictures are kept as they came until somebody looks; see ``Reader``.

    H.264 and H.265 are; of anything else ``DECODED_FPS`` pictures a second are made at once.
    """

    def __init__(
        self,
        reader: Reader[Any],
        units: Iterator[int | None],
        is_at: Callable[[int], None] | None = None,
    ) -> None:
        """
        Args:
            reader: is moved by ``units``.
            units: its access units, or the later ones of them.
            is_at: is told where in media time each of them is.
        """
        self.intra_only = False
        self.leavable = False
        self.pace: Pace = "clock" if reader.pace == "consumer" else reader.pace
        self.codec = reader.codec
        self.frames_total = reader.frames_total
        self.began_at = reader.began_at
        self._reader = reader
        self._units = units
        self._is_at = is_at
        self._rate = Rate(DECODED_FPS)
        self._group: GroupOfPictures | None = None
        self._unit: bytes | None = None

    def units(self) -> Iterator[int | None]:
        for ticks in self._units:
            self._unit = None
            yield ticks

    def decode(self, pts: int) -> Sequence[Any]:
        if self._is_at is not None:
            self._is_at(pts)
        if self.codec is None or self.codec not in SYNTAX:
            return self._reader.decode(pts) if self._rate.due(pts) else []
        if self._reader.keyframe:
            self._group = GroupOfPictures(self.codec)
        if self._group is None or self._group.is_full:
            return []
        return [self._group.add(pts, self.annex_b())]

    def leave(self, pts: int) -> None:
        """Nothing is decoded unless somebody looks."""

    def flush(self) -> Sequence[Any]:
        return [] if self.codec in SYNTAX else self._reader.flush()

    def picture(self, decoded: Any, pts: int) -> Picture:
        if not isinstance(decoded, CodedPixels):
            return self._reader.picture(decoded, pts)
        taken = self.taken()
        return Picture(pts, taken.at, time.monotonic(), decoded, taken.clock)

    def taken(self) -> CaptureTime:
        return self._reader.taken()

    @property
    def damaged(self) -> bool:
        return self._reader.damaged

    @property
    def decoder(self) -> str | None:
        return self._reader.decoder

    @property
    def keyframe(self) -> bool:
        return self._reader.keyframe

    def annex_b(self) -> bytes:
        # Made once: viewers and what is kept here share it.
        if self._unit is None:
            self._unit = self._reader.annex_b()
        return self._unit

    def close(self) -> None:
        self._reader.close()


class OnDemand:
    """Opens a stream so that it is decoded on demand; a recording where the other one plays by now."""

    def __init__(self, opener: Callable[[], Reader[Any]], place: Place | None) -> None:
        """
        Args:
            opener: connects.
            place: of two recordings, of which this is the larger one; None for what is live.
        """
        self._opener = opener
        self._place = place
        self._period: int | None = None

    def __call__(self) -> OnDemandReader:
        reader = self._opener()
        if self._place is None:
            return OnDemandReader(reader, reader.units())
        recording = Beside(reader, self._place, self._period)
        return OnDemandReader(reader, self._through(recording), recording.is_at)

    def _through(self, recording: Beside) -> Iterator[int | None]:
        yield from recording.units()
        if recording.length is not None:
            self._period = recording.length + LOOP_GAP_TICKS
