"""Streams, files and devices through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from typing import Final, cast

import av
import av.container
import av.error
import av.video
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from streamer.capture.address import Address
from streamer.capture.faults import DamagedUnit, translated
from streamer.capture.reader import Pace, Picture, Reader
from streamer.config import CameraConfig
from streamer.errors import SourceUnavailable
from streamer.frame import PTS_CLOCK_HZ

INTRA_ONLY: Final = frozenset({"mjpeg", "rawvideo", "png", "bmp"})
ANNEX_B_FILTERS: Final = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
ROTATIONS: Final = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class LibavReader:
    """One open container; see ``Reader``."""

    def __init__(
        self, address: Address, camera: CameraConfig, container: av.container.InputContainer
    ) -> None:
        self._address = address
        self._timeout_s = camera.timeout_s
        self._container = container
        self._stream = container.streams.video[0]
        self._packet: av.Packet[VideoStream] | None = None
        self._to_bgr = BgrConverter()
        context = self._stream.codec_context
        self.codec: str | None = context.name
        self.intra_only = context.name in INTRA_ONLY
        # A stream that knows its duration is a recording, also behind http.
        recorded = address.scheme == "file" or bool(container.duration and container.duration > 0)
        self.pace: Pace = "clock" if recorded else "source"
        self.frames_total: int | None = self._stream.frames or None
        # One thread, no frame threading: each of those holds back one more picture.
        context.thread_type = "SLICE"
        context.thread_count = 1

    def units(self) -> Iterator[int | None]:
        scale = (self._stream.time_base or Fraction(1, PTS_CLOCK_HZ)) * PTS_CLOCK_HZ
        numerator, denominator = scale.numerator, scale.denominator
        with translated(self._address, "read", self._timeout_s):
            for packet in self._container.demux(self._stream):
                if not packet.size:
                    return
                self._packet = packet
                pts = packet.pts
                yield None if pts is None else pts * numerator // denominator

    def decode(self, pts: int) -> Sequence[av.VideoFrame]:
        packet = self._current()
        packet.pts = pts
        try:
            return packet.decode()
        except av.error.InvalidDataError:
            raise DamagedUnit("a damaged picture") from None

    def flush(self) -> Sequence[av.VideoFrame]:
        return self._stream.codec_context.decode(None)

    def picture(self, decoded: av.VideoFrame, pts: int) -> Picture:
        packet = self._current()
        # With B-frames the picture is not that of the packet, only near it.
        later_s = (pts - packet.pts) / PTS_CLOCK_HZ if packet.pts is not None else 0.0
        captured_at = datetime.fromtimestamp(_clock_s(packet) + later_s, UTC)
        return Picture(pts, captured_at, time.monotonic(), partial(self._to_bgr, decoded))

    @property
    def keyframe(self) -> bool:
        return self._current().is_keyframe

    def annex_b(self) -> bytes:
        return bytes(self._current())

    def close(self) -> None:
        self._container.close()

    def _current(self) -> av.Packet[VideoStream]:
        assert self._packet is not None, "no unit was read yet"
        return self._packet


class BgrConverter:
    """Turns decoded pictures into BGR; keeps the scaler's tables from picture to picture."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        # One thread: the default asks for a thread pool per scaler, which costs twice the CPU.
        with self._lock:
            converted = self._reformatter.reformat(frame, format="bgr24", threads=1)
        image = cast("NDArray[np.uint8]", converted.to_ndarray())
        rotation = ROTATIONS.get(frame.rotation % 360)
        return image if rotation is None else cast("NDArray[np.uint8]", cv2.rotate(image, rotation))


def _clock_s(packet: av.Packet[VideoStream]) -> float:
    """When the camera took it (RTCP sender reports), else when it is read; seconds since 1970."""
    if not packet.has_sidedata("prft"):
        return time.time()
    # AVProducerReferenceTime {int64 wallclock in us; int flags}
    (wallclock_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
    return float(wallclock_us / 1e6)


def stream_opener(address: Address, camera: CameraConfig) -> Callable[[], Reader[av.VideoFrame]]:
    """Opens the stream, file or device at this address."""
    return partial(open_stream, address, camera)


def open_stream(address: Address, camera: CameraConfig) -> LibavReader:
    """Connects and reads the head of the stream.

    Raises:
        SourceUnavailable: it doesn't answer, or is no video.
    """
    options = _options(address, camera)
    # libav's own time-outs need no Python lock, but don't bound a demuxer that retries by itself (HLS).
    timeout = (camera.timeout_s, camera.timeout_s) if address.scheme in ("http", "https") else None
    form = "v4l2" if address.scheme == "v4l2" else None
    with translated(address, "open", camera.timeout_s):
        container = av.open(address.opened, "r", format=form, options=options, timeout=timeout)
    if not container.streams.video:
        container.close()
        raise SourceUnavailable("not a video")
    return LibavReader(address, camera, container)


def _options(address: Address, camera: CameraConfig) -> dict[str, str]:
    if address.scheme in ("rtsp", "rtsps"):
        return {
            "rtsp_transport": camera.transport,
            "allowed_media_types": "video",
            # A frozen server raises after twice this time.
            "timeout": str(int(camera.timeout_s * 1e6 / 2)),
            "fflags": "nobuffer",
            "flags": "low_delay",
            "probesize": "32768",
            "analyzeduration": "0",
        }
    return {}
