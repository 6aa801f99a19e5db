"""What is played: a video or a clip of the simulated street, and the same as a camera would send it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.bench.video import Form, decoded, length, write
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.config.secrecy import SCHEME
from streamer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CAMERA: Final = Form(1280, 720, 30)
STREET: Final = "sim://street?seed=0&fps=30&people=6"
MOST_PICTURES: Final = 100_000
CLIP_S: Final = 8
"""Long enough that people come and go, short enough to be drawn while one waits."""


@dataclass(frozen=True, slots=True)
class Material:
    """Two videos.

    Attributes:
        shown: what the user named.
        video: the source, for those that read a file as fast as they can.
        pictures: in ``video``, as far as anybody will read.
        camera: the same pictures as ``CAMERA`` sends them.
    """

    shown: str
    video: Path
    pictures: int
    camera: Path


def prepare(source: str | None, folder: Path, clip_s: float = CLIP_S) -> Material:
    """Makes what is missing in ``folder``.

    Args:
        source: a video file or a street's address; None for the usual street.
        folder: for the clips.
        clip_s: how long they are.

    Raises:
        ConfigError: it is neither.
        SourceUnavailable: the file can't be read.
    """
    shown = source or STREET
    camera = folder / "camera.mp4"
    pictures = round(clip_s * CAMERA.fps)
    scheme = SCHEME.match(shown)
    if scheme is None:
        video = Path(shown).expanduser()
        # Every picture once, whatever the file's own rate: repeated ones would cost nothing to decode.
        write(camera, islice(decoded(video), pictures), CAMERA)
        return Material(shown, video, length(video, MOST_PICTURES), camera)
    if scheme[1] != "sim":
        raise ConfigError(f"--source: expected a video file or sim://street, received {scheme[0]}..")
    write(camera, islice(_street(shown), pictures), CAMERA)
    return Material(shown, camera, pictures, camera)


def _street(url: str) -> Iterator[NDArray[np.uint8]]:
    try:
        street = Street(StreetOptions.from_url(url))
    except ValueError as error:
        raise ConfigError(f"--source: {error}") from None
    index = 0
    while True:
        yield street.frame(index).image
        index += 1
