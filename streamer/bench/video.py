"""Clips, read and written through PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import av
import numpy as np
from av.error import FFmpegError

from streamer.errors import SourceUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAMERA_LIKE: Final = {
    "profile": "baseline",
    "preset": "veryfast",
    "x264-params": "sliced-threads=0:scenecut=0",
}
"""What IP cameras send: no B-frames, whole pictures."""
BITS_PER_S: Final = 2_048_000
"""Their usual setting at 720p."""


@dataclass(frozen=True, slots=True)
class Form:
    """Size in pixels and pictures a second."""

    width: int
    height: int
    fps: int


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns libav's errors into ``SourceUnavailable``."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceUnavailable(f"{path}: no such file") from error
    except (FFmpegError, OSError, IndexError) as error:
        raise SourceUnavailable(f"{path}: not a video that can be read") from error


def decoded(path: Path) -> Iterator[av.VideoFrame]:
    """The pictures of a video on this thread alone, again and again.

    Raises:
        SourceUnavailable: there is no picture in it.
    """
    while True:
        frame = None
        with translated(path), av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            # As our own source does it: every other choice holds pictures back, or takes more threads.
            context.thread_type = "SLICE"
            context.thread_count = 1
            for frame in container.decode(container.streams.video[0]):
                yield frame
        if frame is None:
            raise SourceUnavailable(f"{path}: a video without pictures")


def length(path: Path, most: int) -> int:
    """Pictures in a video, counted without decoding them, up to ``most``.

    Raises:
        SourceUnavailable: it can't be read.
    """
    with translated(path), av.open(str(path)) as container:
        packets = container.demux(container.streams.video[0])
        return sum(1 for packet in islice(packets, most) if packet.size)


def write(path: Path, pictures: Iterable[NDArray[np.uint8] | av.VideoFrame], form: Form) -> None:
    """Encodes pictures (uint8 HxWx3 BGR, or as decoded) as a camera would, each scaled to the form."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=form.fps, options=CAMERA_LIKE)
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
        stream.codec_context.gop_size = form.fps
        stream.codec_context.bit_rate = BITS_PER_S
        for number, picture in enumerate(pictures):
            frame = (
                av.VideoFrame.from_ndarray(picture, format="bgr24")
                if isinstance(picture, np.ndarray)
                else picture
            )
            scaled = cast("Any", frame.reformat(form.width, form.height, "yuv420p"))
            scaled.pts, scaled.time_base = number, Fraction(1, form.fps)
            container.mux(stream.encode(scaled))
        container.mux(stream.encode(None))
