"""One H.264 encoder for all who watch a camera that has no H.264 to pass on, or want boxes in the picture."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, cast

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from streamer.capture.libav_log import LibavLog
from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.feed import Unit
from streamer.webrtc.h264 import payloads
from streamer.webrtc.pace import Pace
from streamer.webrtc.planes import Planes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamer.frame import Frame

log = logging.getLogger(__name__)

QUALITY: Final = 24
"""x264's constant rate factor; the bit rate is only a limit."""
GROUP_TICKS: Final = 4 * PTS_CLOCK_HZ
"""A key frame at least so often; a viewer who needs one asks for it."""
KEYFRAME_TICKS: Final = PTS_CLOCK_HZ
"""A key frame at most so often, however many ask."""
VBV_S: Final = 0.5
LESS: Final = 0.85
"""By so much lower a bit rate is worth a key frame."""
OTHER_PACE: Final = 1.25
ON_REQUEST: Final = str(10**6)
"""Pictures from one key frame to the next: they are asked for by time."""
GPU, CPU = "h264_nvenc", "libx264"
OPTIONS: Final = {
    CPU: {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": str(QUALITY),
        "keyint_min": "1",
        "x264-params": "sliced-threads=0:threads=1:repeat-headers=1",
    },
    GPU: {
        "preset": "p3",
        "tune": "ull",
        "rc": "vbr",
        "cq": str(QUALITY),
        "zerolatency": "1",
        "delay": "0",
        "bf": "0",
        "forced-idr": "1",
    },
}
TOLD_FPS: Final = 25
LEVEL, HIGHEST_LEVEL = "4.2", "5.1"
LEVEL_PIXELS: Final = 2048 * 1088
"""The largest picture of level 4.2 (ITU-T H.264, table A-1)."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How pictures are coded.

    Attributes:
        width: pixels.
        height: pixels.
        colorspace: AVColorSpace of the pictures.
        color_range: AVColorRange of them.
        bitrate: bits per second that are not exceeded over half a second.
        fps: pictures per second; the true times are those of the pictures.
    """

    width: int
    height: int
    colorspace: int
    color_range: int
    bitrate: int
    fps: float

    def is_alike(self, other: Coding) -> bool:
        """Whether pictures of the one can follow those of the other."""
        mine = self.width, self.height, self.colorspace, self.color_range
        return mine == (other.width, other.height, other.colorspace, other.color_range)

    def is_paced_as(self, other: Coding) -> bool:
        slower, faster = sorted((self.fps, other.fps))
        return faster < slower * OTHER_PACE


class SharedEncoder:
    """H.264 without delay: each picture is out before the next one comes. Belongs to one thread at a time.

    What changes, changes with a key frame: its encoder is another one then.
    """

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None
        self._coding: Coding | None = None
        self._planes = Planes()
        self._pace = Pace()
        self._keyframe_pts: int | None = None
        self._wanted = False

    @property
    def fps(self) -> float | None:
        """Pictures per second that bits are shared among; None before the first one."""
        return None if self._coding is None else self._coding.fps

    def encode(
        self, frame: Frame, image: NDArray[np.uint8] | None, bitrate: int, *, keyframe: bool = False
    ) -> list[Unit]:
        """The access units of one picture; blocking.

        Args:
            frame: the picture and its time.
            image: uint8 HxWx3 BGR, what is shown in its place.
            bitrate: bits per second, from the next key frame on; much less is worth one.
            keyframe: somebody needs a group of pictures to begin, now or as soon as one may.
        """
        self._pace.add(frame.pts)
        picture = self._planes.of(frame, image)
        colours = int(picture.colorspace), int(picture.color_range)
        coding = Coding(picture.width, picture.height, *colours, bitrate, self._pace.fps)
        self._wanted = self._wanted or keyframe
        picture.pts, picture.time_base = frame.pts, Fraction(1, PTS_CLOCK_HZ)
        picture.pict_type = PictureType.NONE
        if self._begins(coding, frame.pts):
            picture.pict_type = PictureType.I
            self._keyframe_pts, self._wanted = frame.pts, False
            self._open(coding)
        assert self._context is not None, "it begins with a key frame"
        return [_unit(frame, packet) for packet in self._context.encode(picture)]

    def _begins(self, coding: Coding, pts: int) -> bool:
        """Whether a group of pictures begins."""
        before = self._coding
        if before is None or self._keyframe_pts is None or not coding.is_alike(before):
            return True
        since = pts - self._keyframe_pts
        wanted = self._wanted or coding.bitrate < before.bitrate * LESS or not coding.is_paced_as(before)
        return since >= GROUP_TICKS or (wanted and since >= KEYFRAME_TICKS)

    def _open(self, coding: Coding) -> None:
        """Another encoder where this one is not as is wanted now."""
        before = self._coding
        if before is not None and coding.is_alike(before) and coding.is_paced_as(before):
            if coding.bitrate == before.bitrate:
                return
            coding = replace(coding, fps=before.fps)
        self._context, self._coding = opened(coding), coding


def opened(coding: Coding) -> VideoCodecContext:
    """The graphics card's encoder where there is one, else x264."""
    if without_gpu(GPU) is None:
        context = _context(GPU, coding)
        try:
            context.open()
        except av.error.FFmpegError as error:
            # Most cards code a few streams only.
            log.warning("pictures are coded by the CPU: %s: %s", GPU, error.strerror)
        else:
            return context
    context = _context(CPU, coding)
    context.open()
    return context


@cache
def without_gpu(encoder: str) -> str | None:
    """Why this machine, or this build of libav, cannot code with it; None when it can. It is tried once."""
    with closing(LibavLog()) as heard:
        try:
            _context(encoder, Coding(256, 256, 1, 1, 1_000_000, 25.0)).open()
        except av.error.FFmpegError as error:
            reason = heard.reason() or error.strerror
        except ValueError:
            reason = "this build of libav has no such encoder"
        else:
            return None
    log.info("pictures are coded by the CPU: no %s: %s", encoder, reason)
    return reason


def _context(encoder: str, coding: Coding) -> VideoCodecContext:
    context = cast("VideoCodecContext", VideoCodecContext.create(encoder, "w"))
    context.width, context.height, context.pix_fmt = coding.width, coding.height, "yuv420p"
    context.colorspace, context.color_range = coding.colorspace, coding.color_range
    context.time_base = Fraction(1, PTS_CLOCK_HZ)
    # The pace is in the parameter sets, and players of files begin anew when those change: so it is the same
    # for all, and the bits of a second are those of as many pictures.
    context.framerate = Fraction(TOLD_FPS)
    rate = coding.bitrate * TOLD_FPS / coding.fps
    context.thread_count = 1
    level = LEVEL if coding.width * coding.height <= LEVEL_PIXELS else HIGHEST_LEVEL
    limits = {
        "maxrate": str(int(rate)),
        "bufsize": str(int(coding.bitrate * VBV_S)),
        "g": ON_REQUEST,
        "level": level,
    }
    context.options = {"profile": "baseline", **OPTIONS[encoder], **limits}
    return context


def _unit(frame: Frame, packet: av.Packet[av.VideoStream]) -> Unit:
    data = bytes(packet)
    captured_at_s = frame.captured_at.timestamp()
    return Unit(
        frame.pts, packet.is_keyframe, data, payloads(data), captured_at_s, frame.decoded_at, frame.clock
    )
