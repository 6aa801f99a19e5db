"""Streams, files and devices through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
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
from streamer.capture.annexb import AnnexB, begins_with_parameters
from streamer.capture.camera_clock import CameraClock, CaptureTime
from streamer.capture.clock import EvenTimes
from streamer.capture.damage import Losses
from streamer.capture.decoder import HARDWARE, Decoder, decoder_for, missing
from streamer.capture.faults import DamagedUnit, translated
from streamer.capture.libav_log import LibavLog
from streamer.capture.parameters import SYNTAX
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.capture.reader import Pace, Picture, Reader
from streamer.config.tree import CameraConfig
from streamer.errors import SourceUnavailable, WrongOption
from streamer.frame import PTS_CLOCK_HZ

INTRA_ONLY: Final = frozenset({"mjpeg", "rawvideo", "png", "bmp"})
UNTIMED: Final = frozenset({"mpjpeg", "mjpeg"})
USUAL_FPS: Final = 25
NETWORK: Final = frozenset({"rtsp", "rtsps", "http", "https"})
REORDERED_PACKETS: Final = 2
"""Without a queue libav doesn't look at the sequence numbers over TCP, where a camera that is overrun skips
some. Packets that come in order never enter it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that was opened.

    Attributes:
        address: where.
        container: its demuxer.
        log: what libav says of it.
    """

    address: Address
    container: av.container.InputContainer
    log: LibavLog

    @property
    def stream(self) -> VideoStream:
        return self.container.streams.video[0]


class LibavReader:
    """One open container; see ``Reader``."""

    def __init__(self, opened: Opened, decoder: Decoder, clock: CameraClock, timeout_s: float) -> None:
        address, container = opened.address, opened.container
        self._address = address
        self._timeout_s = timeout_s
        self._container = container
        self._log = opened.log
        self._decoder = decoder
        self._camera_clock = clock
        self._stream = opened.stream
        self._left: list[av.Packet[VideoStream]] = []
        self._losses = Losses(opened.log.lost())
        self.damaged = False
        self._even: EvenTimes | None = None
        self._packet: av.Packet[VideoStream] | None = None
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
                if self.pace == "source":
                    lost = self._log.lost() or packet.is_corrupt
                    self.damaged = self._losses.damage(lost, self._is_headless_key)
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
            if self._left:
                self._catch_up(packet)
            frames = self._spaced(self._decoder.decode(packet))
        except av.error.InvalidDataError:
            self.damaged = self.pace == "source"
            raise DamagedUnit from None
        spoilt = self._log.spoilt() or any(frame.is_corrupt for frame in frames)
        if spoilt and self.pace == "source":
            self.damaged = True
        return frames

    def leave(self, pts: int) -> None:
        packet = self._current()
        packet.pts = pts
        if packet.is_keyframe:
            self._left.clear()
        self._left.append(packet)

    def flush(self) -> Sequence[av.VideoFrame]:
        return self._spaced(self._decoder.decode(None))

    def picture(self, decoded: av.VideoFrame, pts: int) -> Picture:
        taken = self._taken(pts)
        pixels, offset_s = VideoPixels(decoded, self._to_bgr), self._camera_clock.offset_s
        return Picture(pts, taken.at, time.monotonic(), pixels, taken.clock, offset_s)

    def taken(self) -> CaptureTime:
        packet = self._current()
        return self._taken(packet.pts or 0)

    def _taken(self, pts: int) -> CaptureTime:
        return self._camera_clock.time(_captured_s(self._current(), pts), time.time(), time.monotonic())

    @property
    def leavable(self) -> bool:
        return self.codec in SYNTAX and self.pace == "source" and not self._decoder.context.has_b_frames

    @property
    def decoder(self) -> str | None:
        return self._decoder.device

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
        self._log.close()

    def _is_headless_key(self) -> bool:
        packet = self._current()
        if not packet.is_keyframe:
            return False
        return self.codec not in SYNTAX or not begins_with_parameters(self.codec, bytes(packet))

    def _catch_up(self, packet: av.Packet[VideoStream]) -> None:
        """Decodes what was left out and this packet builds on; the pictures were not wanted."""
        left, self._left = self._left, []
        if not packet.is_keyframe:
            for each in left:
                self._decoder.decode(each)

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
    """Opens the stream, file or device at this address.

    Raises:
        WrongOption: it is to be decoded by what this machine hasn't got.
    """
    if camera.decode in HARDWARE and (reason := missing(camera.decode)):
        text = f"expected auto or cpu on this machine, received {camera.decode!r}: {reason}"
        raise WrongOption(("decode",), text)
    return partial(open_stream, address, camera, CameraClock(camera.clock.tolerance))


def open_stream(address: Address, camera: CameraConfig, clock: CameraClock) -> LibavReader:
    """Connects and reads the head of the stream; ``clock`` outlives connections.

    Raises:
        SourceUnavailable: it doesn't answer, is no video, or can't be decoded by what was asked for.
    """
    with ExitStack() as stack:
        log = stack.enter_context(closing(LibavLog()))
        opened = Opened(address, stack.enter_context(_container(address, camera)), log)
        live = _pace(address, opened.container) == "source"
        decoder = decoder_for(opened.stream, camera.decode, live=live)
        reader = LibavReader(opened, decoder, clock, camera.timeout_s)
        stack.pop_all()
    return reader


def _container(address: Address, camera: CameraConfig) -> av.container.InputContainer:
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
    return container


def _options(address: Address, camera: CameraConfig) -> dict[str, str]:
    if address.scheme not in ("rtsp", "rtsps"):
        return {}
    return {
        "rtsp_transport": camera.transport,
        "allowed_media_types": "video",
        # A frozen server raises after twice this time.
        "timeout": str(int(camera.timeout_s * 1e6 / 2)),
        **({"reorder_queue_size": str(REORDERED_PACKETS)} if camera.transport == "tcp" else {}),
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
