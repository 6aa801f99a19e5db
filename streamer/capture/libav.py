"""Streams, files and devices through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

import av
import av.container
import av.error
from av.video.stream import VideoStream

from streamer.capture.address import Address
from streamer.capture.annexb import SYNTAX, AnnexB
from streamer.capture.clock import EvenTimes
from streamer.capture.faults import DamagedUnit, translated
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.capture.reader import Pace, Picture, Reader
from streamer.config import CameraConfig
from streamer.errors import SourceUnavailable
from streamer.frame import PTS_CLOCK_HZ

INTRA_ONLY: Final = frozenset({"mjpeg", "rawvideo", "png", "bmp"})
UNTIMED: Final = frozenset({"mpjpeg", "mjpeg"})
USUAL_FPS: Final = 25
NETWORK: Final = frozenset({"rtsp", "rtsps", "http", "https"})


class LibavReader:
    """One open container; see ``Reader``."""

    def __init__(
        self, address: Address, camera: CameraConfig, container: av.container.InputContainer
    ) -> None:
        self._address = address
        self._timeout_s = camera.timeout_s
        self._container = container
        self._stream = container.streams.video[0]
        self._even: EvenTimes | None = None
        self._packet: av.Packet[VideoStream] | None = None
        self._damaged_since: float | None = None
        self._to_bgr = BgrConverter()
        self._annex_b: AnnexB | None = None
        context = self._stream.codec_context
        self.codec: str | None = context.name
        self.intra_only = context.name in INTRA_ONLY
        self.pace = _pace(address, container)
        self.began_at = _began_at(address, container)
        self.frames_total: int | None = self._stream.frames or None
        # Arrival is the only time that a bare sequence of pictures has; libav makes up 25 a second.
        self._timed = self.pace == "clock" or container.format.name not in UNTIMED
        # One thread, no frame threading: each of those holds back one more picture.
        context.thread_type = "SLICE"
        context.thread_count = 1

    def units(self) -> Iterator[int | None]:
        scale = (self._stream.time_base or Fraction(1, PTS_CLOCK_HZ)) * PTS_CLOCK_HZ
        numerator, denominator = scale.numerator, scale.denominator
        with translated(self._address, "read", self._timeout_s):
            for packet in self._container.demux(self._stream):
                # Empty ones are made up: libav's at the end, and those of AVI for a picture that stays.
                if not packet.size:
                    continue
                if self._packet is None:
                    self._even = self._even_times(packet)
                self._packet = packet
                pts = packet.pts
                if self._even is not None:
                    yield self._even.unit()
                else:
                    yield pts * numerator // denominator if self._timed and pts is not None else None

    def decode(self, pts: int) -> Sequence[av.VideoFrame]:
        packet = self._current()
        if self._even is None:
            packet.pts = pts
        else:
            self._even.decoded(pts)
        try:
            frames = packet.decode() if self._even is None else self._spaced(packet.decode())
        except av.error.InvalidDataError:
            raise DamagedUnit from None
        if self.pace == "source":
            for frame in frames:
                self._judge(frame)
        return frames

    def flush(self) -> Sequence[av.VideoFrame]:
        return self._spaced(self._stream.codec_context.decode(None))

    def picture(self, decoded: av.VideoFrame, pts: int) -> Picture:
        captured_s = _captured_s(self._current(), pts)
        captured_at = datetime.now(UTC) if captured_s is None else datetime.fromtimestamp(captured_s, UTC)
        return Picture(pts, captured_at, time.monotonic(), VideoPixels(decoded, self._to_bgr))

    @property
    def keyframe(self) -> bool:
        return self._current().is_keyframe

    def annex_b(self) -> bytes:
        if self.codec not in SYNTAX:
            return b""
        if self._annex_b is None:
            self._annex_b = AnnexB(self._stream)
        return self._annex_b(self._current())

    def close(self) -> None:
        self._container.close()

    def _judge(self, frame: av.VideoFrame) -> None:
        """Refuses damaged pictures, unless the stream has nothing better for long: no key frames, say."""
        if not frame.is_corrupt:
            self._damaged_since = None
            return
        now = time.monotonic()
        self._damaged_since = self._damaged_since or now
        if now - self._damaged_since < self._timeout_s:
            raise DamagedUnit

    def _even_times(self, first: av.Packet[VideoStream]) -> EvenTimes | None:
        """For recordings without timestamps: AVI's are libav's guess, and wrong where there are B-frames."""
        if self.pace != "clock" or (first.pts is not None and self._container.format.name != "avi"):
            return None
        seconds = (first.duration or 0) * (self._stream.time_base or 0)
        return EvenTimes(float(1 / seconds if seconds else self._stream.average_rate or USUAL_FPS))

    def _spaced(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        if self._even is not None:
            for frame in frames:
                frame.pts = self._even.picture()
        return frames

    def _current(self) -> av.Packet[VideoStream]:
        assert self._packet is not None, "no unit was read yet"
        return self._packet


def stream_opener(address: Address, camera: CameraConfig) -> Callable[[], Reader[av.VideoFrame]]:
    """Opens the stream, file or device at this address."""
    return partial(open_stream, address, camera)


def open_stream(address: Address, camera: CameraConfig) -> LibavReader:
    """Connects and reads the head of the stream.

    Raises:
        SourceUnavailable: it doesn't answer, or is no video.
    """
    form = "v4l2" if address.scheme == "v4l2" else None
    options = _options(address, camera)
    # PyAV's time-outs bound every call, but ask for Python's lock at each read of the network: too dear for
    # RTSP packets, where libav's own do. Only HLS needs them while it plays, its demuxer retries by itself.
    read_timeout_s = camera.timeout_s if address.scheme in ("http", "https") else None
    timeout = (camera.timeout_s, read_timeout_s) if address.scheme in NETWORK else None
    with translated(address, "open", camera.timeout_s):
        container = av.open(address.opened, "r", format=form, options=options, timeout=timeout)
    if not container.streams.video:
        container.close()
        raise SourceUnavailable("not a video")
    return LibavReader(address, camera, container)


def _options(address: Address, camera: CameraConfig) -> dict[str, str]:
    if address.scheme not in ("rtsp", "rtsps"):
        return {}
    return {
        "rtsp_transport": camera.transport,
        "allowed_media_types": "video",
        # A frozen server raises after twice this time.
        "timeout": str(int(camera.timeout_s * 1e6 / 2)),
        # A key frame over UDP comes faster than a busy machine reads; the kernel cuts this to its limit.
        "buffer_size": str(4 << 20),
        "fflags": "nobuffer",
        "flags": "low_delay",
        "probesize": "32768",
        "analyzeduration": "0",
    }


def _pace(address: Address, container: av.container.InputContainer) -> Pace:
    """A stream that knows its duration is a recording, also behind http; HLS comes a segment at a time."""
    recorded = address.scheme == "file" or (container.duration or 0) > 0
    return "clock" if recorded or container.format.name == "hls" else "source"


def _began_at(address: Address, container: av.container.InputContainer) -> datetime | None:
    """When a file was recorded: as it says itself, else from when it was last written."""
    if address.scheme != "file":
        return None
    try:
        return datetime.fromisoformat(container.metadata["creation_time"]).astimezone(UTC)
    except (KeyError, ValueError):
        written_s = Path(address.opened).stat().st_mtime
        return datetime.fromtimestamp(written_s - (container.duration or 0) / av.time_base, UTC)


def _captured_s(packet: av.Packet[VideoStream], pts: int) -> float | None:
    """When the camera took the picture at ``pts``, seconds since 1970; None without RTCP sender reports."""
    if not packet.has_sidedata("prft"):
        return None
    # AVProducerReferenceTime {int64 wallclock in us; int flags}
    (wallclock_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
    # With B-frames the picture is not that of the packet, only near it.
    later_s = (pts - packet.pts) / PTS_CLOCK_HZ if packet.pts is not None else 0.0
    return float(wallclock_us / 1e6 + later_s)
