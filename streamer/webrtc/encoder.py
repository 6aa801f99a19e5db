"""One H.264 encoder for all who watch a camera that has no H.264 to pass on, or want boxes in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from streamer.capture.pixels import VideoPixels
from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.feed import Unit
from streamer.webrtc.h264 import payloads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamer.frame import Frame

QUALITY: Final = 24
"""x264's constant rate factor; the bit rate is only a limit."""
GROUP_S: Final = 4.0
"""A key frame at least so often; a viewer who needs one asks for it."""
USUAL_FPS: Final = 15.0
VBV_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Coding:
    """How pictures are coded.

    Attributes:
        bitrate: bits per second that are not exceeded over half a second.
        fps: pictures per second, for the length of a group; the true times are those of the pictures.
    """

    bitrate: int
    fps: float = USUAL_FPS


class SharedEncoder:
    """x264 without delay: each picture is out before the next one comes. Belongs to one thread at a time."""

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._context: VideoCodecContext | None = None
        self._reformatter = VideoReformatter()

    def encode(
        self, frame: Frame, image: NDArray[np.uint8] | None = None, *, keyframe: bool = False
    ) -> list[Unit]:
        """The access units of one picture; blocking.

        Args:
            frame: the picture and its time.
            image: uint8 HxWx3 BGR, what is shown in its place.
            keyframe: begin a group of pictures with it.
        """
        picture = self._planar(frame, image)
        context = self._context
        if context is None or (context.width, context.height) != (picture.width, picture.height):
            context = self._context = self._opened(picture.width, picture.height)
        picture.pts, picture.time_base = frame.pts, Fraction(1, PTS_CLOCK_HZ)
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        return [self._unit(frame, packet) for packet in context.encode(picture)]

    def _planar(self, frame: Frame, image: NDArray[np.uint8] | None) -> av.VideoFrame:
        """A frame of our own, in the format of all decoders, of even width and height."""
        pixels = frame.pixels
        coded = pixels.upright if image is None and isinstance(pixels, VideoPixels) else None
        if coded is None:
            coded = av.VideoFrame.from_ndarray(frame.image if image is None else image, format="bgr24")
        width, height = coded.width // 2 * 2, coded.height // 2 * 2
        planar = self._reformatter.reformat(coded, width, height, "yuv420p", threads=1)
        return _copied(planar) if planar is coded else planar

    def _opened(self, width: int, height: int) -> VideoCodecContext:
        context = VideoCodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, PTS_CLOCK_HZ)
        context.framerate = Fraction(self._coding.fps).limit_denominator(1001)
        context.thread_count = 1
        rate = self._coding.bitrate
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": str(QUALITY),
            "maxrate": str(rate),
            "bufsize": str(int(rate * VBV_S)),
            "g": str(max(1, round(GROUP_S * self._coding.fps))),
            "x264-params": "sliced-threads=0:threads=1:repeat-headers=1",
        }
        return context

    def _unit(self, frame: Frame, packet: av.Packet[av.VideoStream]) -> Unit:
        data = bytes(packet)
        return Unit(
            frame.pts,
            packet.is_keyframe,
            data,
            payloads(data),
            frame.captured_at.timestamp(),
            frame.decoded_at,
            frame.clock,
        )


def _copied(frame: av.VideoFrame) -> av.VideoFrame:
    """The same picture in memory of its own: its time and kind may be set."""
    return av.VideoFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name)


def fps_of(frames: Sequence[Frame]) -> float:
    """Pictures per second of consecutive ones."""
    span = frames[-1].pts - frames[0].pts if len(frames) > 1 else 0
    return (len(frames) - 1) * PTS_CLOCK_HZ / span if span > 0 else USUAL_FPS
