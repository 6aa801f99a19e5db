"""An annotated video file: H.264, every frame at its own time."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace

from streamer.errors import ConfigError, SinkUnavailable
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.publish.annotate import Image

FORMATS: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
# Fragments until the file is closed, a plain index from then on: a killed run leaves a file that plays.
CRASH_PROOF: Final = {"movflags": "hybrid_fragmented", "flush_packets": "1"}
# Without B-frames (a fifth larger) every frame, the last one too, is shown for exactly its own time.
ENCODER: Final = {"crf": "21", "preset": "veryfast", "g": "60", "bf": "0"}
NOMINAL_FPS: Final = 30
BT709: Final = 1
LIMITED_RANGE: Final = 1
FIRST_STEP: Final = PTS_CLOCK_HZ // 2
"""How long a picture is shown when nothing says more."""


class Timeline:
    """Gives the frames of one file rising times: sources follow one another without a gap.

    ``step`` is the time between the last two frames of a source, in ticks of 90 kHz.
    """

    def __init__(self) -> None:
        self._camera: str | None = None
        self._last: int | None = None
        self._offset = 0
        self.step = FIRST_STEP

    def place(self, camera: str, pts: int) -> int:
        """The time of this frame in the file, in ticks of 90 kHz."""
        if self._last is None:
            self._offset = -pts
        elif camera != self._camera or pts + self._offset <= self._last:
            self._offset = self._last + self.step - pts
        else:
            self.step = pts + self._offset - self._last
        self._camera, self._last = camera, pts + self._offset
        return self._last


class VideoFile:
    """Frames in one video; a frame of another size is fitted into the first one's.

    The file is complete once it is closed.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        self._path = Path(path).expanduser()
        self._timeline = Timeline()
        self._container: Any = None
        self._stream: Any = None

    def claim(self) -> None:
        if self._path.suffix.lower() not in FORMATS:
            expected = ", ".join(FORMATS)
            raise ConfigError(f"{self._path}: expected a video name that ends in {expected}")
        try:
            self._path.open("wb").close()
        except OSError as error:
            raise ConfigError(f"cannot write {self._path}: {error.strerror}") from error

    def add(self, frame: Frame, image: Image) -> None:
        try:
            if self._container is None:
                self._open(image)
            self._encode(image, self._timeline.place(frame.camera, frame.pts))
        except FFmpegError as error:
            raise SinkUnavailable(f"cannot write {self._path}: {error.strerror}") from error

    def close(self) -> None:
        if self._container is None:
            # No frame came: no file, rather than one that no player opens.
            with suppress(OSError):
                self._path.unlink()
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except FFmpegError as error:
            raise SinkUnavailable(f"cannot write {self._path}: {error.strerror}") from error
        finally:
            # Where closing failed, letting go is what closes the file.
            self._container = self._stream = None

    def _open(self, image: Image) -> None:
        kind = FORMATS[self._path.suffix.lower()]
        options = {} if kind == "matroska" else CRASH_PROOF
        self._container = av.open(str(self._path), "w", format=kind, options=options)
        stream = self._container.add_stream("libx264", rate=NOMINAL_FPS, options=ENCODER)
        stream.height, stream.width = (edge + edge % 2 for edge in image.shape[:2])
        stream.pix_fmt = "yuv420p"
        # Without it the last frame lasts as long as one of NOMINAL_FPS.
        stream.codec_context.flags |= Flags.frame_duration
        stream.time_base = stream.codec_context.time_base = Fraction(1, PTS_CLOCK_HZ)
        stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
        stream.codec_context.colorspace = BT709
        stream.codec_context.color_range = LIMITED_RANGE
        self._stream = stream

    def _encode(self, image: Image, pts: int) -> None:
        fitted = fit(image, self._stream.width, self._stream.height)
        frame = av.VideoFrame.from_numpy_buffer(fitted, format="bgr24")
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts, frame.time_base = pts, Fraction(1, PTS_CLOCK_HZ)
        frame.duration = self._timeline.step
        self._container.mux(self._stream.encode(frame))


def fit(image: Image, width: int, height: int) -> Image:
    """The picture in a frame of that size: untouched, with its last row or column twice, or letterboxed."""
    missing_y, missing_x = height - image.shape[0], width - image.shape[1]
    if 0 <= missing_x <= 1 and 0 <= missing_y <= 1:
        return (
            np.pad(image, ((0, missing_y), (0, missing_x), (0, 0)), "edge")
            if missing_x or missing_y
            else image
        )
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    frame = np.zeros((height, width, 3), np.uint8)
    frame[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return frame
