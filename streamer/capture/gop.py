"""Coded pictures that are decoded only when somebody looks at one of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, cast

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from detectors.pixels import BgrPixels
from streamer.capture.pixels import BgrConverter
from streamer.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from detectors.pixels import Scaling

MOST_BYTES: Final = 32 * 2**20
"""What one group may hold: 30 s at 8 Mbit/s. Of a stream with longer ones nothing is decoded here."""


class NotDecodable(SourceError):
    """A kept picture is damaged, or what it builds on is."""


class CodedPixels:
    """A picture that is decoded when somebody looks at it; see ``Pixels``.

    Whatever is asked of it may raise ``NotDecodable``.

    Attributes:
        pts: that of its unit.
    """

    def __init__(self, pts: int, number: int, group: GroupOfPictures) -> None:
        self.pts = pts
        self._number = number
        self._group = group
        self._bgr: NDArray[np.uint8] | None = None

    @property
    def width(self) -> int:
        return int(self.bgr().shape[1])

    @property
    def height(self) -> int:
        return int(self.bgr().shape[0])

    def bgr(self) -> NDArray[np.uint8]:
        if self._bgr is None:
            self._bgr = self._group.bgr(self._number)
        return self._bgr

    def scale_into(self, target: NDArray[np.uint8], scaling: Scaling = "linear") -> None:
        BgrPixels(self.bgr()).scale_into(target, scaling)


class GroupOfPictures:
    """Units from a key frame on, in Annex B. One thread adds to it while others look.

    Decoding goes on from where it last was, so that looking again and again costs no more than
    decoding all of it once.
    """

    def __init__(self, codec: str) -> None:
        """
        Args:
            codec: ``h264`` or ``hevc``.
        """
        self._codec = codec
        self._units: list[bytes] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._to_bgr = BgrConverter()
        self._decoder: VideoCodecContext | None = None
        self._fed = 0
        self._last: av.VideoFrame | None = None

    @property
    def is_full(self) -> bool:
        return self._bytes > MOST_BYTES

    def add(self, pts: int, data: bytes) -> CodedPixels:
        """The next unit in decoding order, as a picture that may be looked at."""
        self._units.append(data)
        self._bytes += len(data)
        return CodedPixels(pts, len(self._units) - 1, self)

    def bgr(self, number: int) -> NDArray[np.uint8]:
        """The picture of unit ``number``, uint8 HxWx3 BGR."""
        with self._lock:
            if self._last is None or self._last.pts != number:
                self._last = self._decoded(number)
            return self._to_bgr(self._last)

    def _decoded(self, number: int) -> av.VideoFrame:
        if self._decoder is None or self._fed > number:
            self._decoder, self._fed = self._new_decoder(), 0
        try:
            for frame in self._frames(self._decoder):
                if frame.pts == number and not frame.is_corrupt:
                    return frame
        except av.error.FFmpegError:
            # Not chained: what follows starts from the key frame, with another decoder.
            self._decoder = None
        raise NotDecodable("a damaged picture")

    def _frames(self, decoder: VideoCodecContext) -> Iterator[av.VideoFrame]:
        """Frames as they become complete, and in the end those that the decoder holds back."""
        while self._fed < len(self._units):
            packet = av.Packet(self._units[self._fed])
            # The picture's number in the group tells it apart, whatever its order.
            packet.pts = self._fed
            self._fed += 1
            yield from decoder.decode(packet)
        self._decoder = None
        yield from decoder.decode(None)

    def _new_decoder(self) -> VideoCodecContext:
        decoder = cast("VideoCodecContext", VideoCodecContext.create(self._codec, "r"))
        decoder.thread_type = "SLICE"
        decoder.thread_count = 1
        return decoder
