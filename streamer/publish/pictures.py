"""Annotated pictures in a folder, one per processed frame."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import anyio.to_thread
import cv2

from streamer.errors import ConfigError, SinkUnavailable
from streamer.publish.annotate import Annotator
from streamer.publish.outbox import Outbox
from streamer.publish.sink import FileOf, from_video

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

JPEG_QUALITY: Final = 92
PICTURES_WAITING: Final = 4
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
    """A sink that writes each frame with what was found in it; a reader never sees half a picture.

    A picture keeps its name, a frame of a video becomes ``<source>-<frame>.jpg``.
    """

    def __init__(self, folder: str, *, file_of: FileOf = from_video, sources: Iterable[str] = ()) -> None:
        self._folder = Path(folder).expanduser()
        self._file_of = file_of
        self._names = PictureNames(self._folder, sources)
        self._annotator = Annotator()
        self._outbox: Outbox[tuple[Frame, Detections]] = Outbox(folder, self._write, bound=PICTURES_WAITING)

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._claim)
        await self._outbox.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._outbox.__aexit__(kind, error, trace)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self._outbox.put((frame, tracks.detections))

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """Events leave no trace in a picture."""

    def _claim(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot write to {self._folder}: {error.strerror}") from error
        if not os.access(self._folder, os.W_OK):
            raise ConfigError(f"cannot write to {self._folder}: {os.strerror(13)}")

    def _write(self, item: tuple[Frame, Detections]) -> None:
        frame, detections = item
        image = self._annotator.annotated(frame.image, detections)
        _, jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        target = self._folder / self._names.unique(self._stem(frame))
        part = target.with_name(f".{target.name}.part")
        try:
            part.write_bytes(jpeg.tobytes())
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SinkUnavailable(f"cannot write {target}: {error.strerror}") from error

    def _stem(self, frame: Frame) -> str:
        file = self._file_of(frame)
        if file is not None:
            return Path(file).stem
        source = UNSAFE.sub("-", Path(frame.camera).stem).strip("-") or "frame"
        return f"{source}-{frame.sequence:06d}"
