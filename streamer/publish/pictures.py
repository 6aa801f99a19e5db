"""Annotated pictures in a folder, one per processed frame."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from streamer.errors import ConfigError, SinkUnavailable
from streamer.publish.sink import FileOf, from_video

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.publish.annotate import Image

JPEG_QUALITY: Final = 92
UNSAFE: Final = re.compile(r"[^\w.-]+")


class PictureNames:
    """Names within one folder, each given once; a name that would replace one of the sources is not given."""

    def __init__(self, folder: Path, sources: Iterable[str]) -> None:
        self._taken = {path.name for path in map(Path, sources) if path.resolve().parent == folder.resolve()}

    def unique(self, stem: str) -> str:
        """``stem.jpg``, or ``stem-2.jpg``, ``stem-3.jpg`` ... where that is taken."""
        name, number = f"{stem}.jpg", 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}.jpg"
        self._taken.add(name)
        return name


class Pictures:
    """Frames as pictures in a folder; a reader never sees half a picture.

    A picture keeps its name, a frame of a video becomes ``<source>-<frame>.jpg``.
    """

    def __init__(self, folder: str, *, file_of: FileOf = from_video, sources: Iterable[str] = ()) -> None:
        self.name = folder
        self._folder = Path(folder).expanduser()
        self._file_of = file_of
        self._names = PictureNames(self._folder, sources)

    def claim(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot write to {self._folder}: {error.strerror}") from error
        if not os.access(self._folder, os.W_OK):
            raise ConfigError(f"cannot write to {self._folder}: {os.strerror(errno.EACCES)}")

    def add(self, frame: Frame, image: Image) -> None:
        _, jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        target = self._folder / self._names.unique(self._stem(frame))
        part = target.with_name(f".{target.name}.part")
        try:
            part.write_bytes(jpeg.tobytes())
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SinkUnavailable(f"cannot write {target}: {error.strerror}") from error

    def close(self) -> None:
        """Every picture is complete already."""

    def _stem(self, frame: Frame) -> str:
        file = self._file_of(frame)
        if file is not None:
            return Path(file).stem
        source = UNSAFE.sub("-", Path(frame.camera).stem).strip("-") or "frame"
        return f"{source}-{frame.sequence:06d}"
