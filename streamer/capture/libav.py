"""Streams, files and devices through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
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
from streamer.capture.reader import Pace, Picture, Reader, Unit
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

    def units(self) -> Iterator[Unit]:
        scale = self._stream.time_base * PTS_CLOCK_HZ if self._stream.time_base else None
        with translated(self._address, "read", self._timeout_s):
            for packet in self._container.demux(self._stream):
                if not packet.size:
                    return
                ticks = None if packet.pts is None or scale is None else round(packet.pts * scale)
                yield Unit(ticks, _captured_at(packet), packet.is_keyframe, packet)

    def decode(self, unit: Unit, pts: int) -> Sequence[Picture]:
        packet = unit.packet
        assert packet is not None
        packet.pts = pts
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            raise DamagedUnit("a damaged picture") from None
        now = time.monotonic()
        return [self._picture(frame, unit, pts, now) for frame in frames]

    def _picture(self, frame: av.VideoFrame, unit: Unit, unit_pts: int, now: float) -> Picture:
        pts = unit_pts if frame.pts is None else frame.pts
        later = timedelta(seconds=(pts - unit_pts) / PTS_CLOCK_HZ)
        return Picture(pts, unit.captured_at + later, now, partial(self._to_bgr, frame))

    def flush(self) -> Sequence[Picture]:
        now = time.monotonic()
        return [
            Picture(frame.pts or 0, datetime.now(UTC), now, partial(self._to_bgr, frame))
            for frame in self._stream.codec_context.decode(None)
        ]

    def annex_b(self, unit: Unit) -> bytes:
        return bytes(unit.packet or b"")

    def close(self) -> None:
        self._container.close()


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


def _captured_at(packet: av.Packet[VideoStream]) -> datetime:
    # AVProducerReferenceTime {int64 wallclock in us; int flags}, from RTCP sender reports.
    if packet.has_sidedata("prft"):
        (wallclock_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
        return datetime.fromtimestamp(wallclock_us / 1e6, UTC)
    return datetime.now(UTC)


def stream_opener(address: Address, camera: CameraConfig) -> Callable[[], Reader]:
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
