"""Pictures as sources of one frame each, read ahead by a few threads."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

from detectors.pixels import BgrPixels
from streamer.errors import SourceEnded
from streamer.frame import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".jp2", ".ppm", ".pgm"}
)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture file.

    Attributes:
        name: stands for the camera.
        path: where the picture is.
    """

    name: str
    path: Path


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read(picture: PictureFile) -> Frame:
    """Decode one picture, upright as its EXIF orientation says.

    Raises:
        SourceEnded: the file cannot be read, or is no picture.
    """
    try:
        content = np.fromfile(picture.path, np.uint8)
        taken_at = datetime.fromtimestamp(picture.path.stat().st_mtime, UTC)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except OSError as error:
        raise SourceEnded(f"{picture.path}: cannot be read: {error.strerror}") from None
    except cv2.error as error:
        raise SourceEnded(f"{picture.path}: not a picture: {error.err}") from None
    if image is None:
        raise SourceEnded(f"{picture.path}: not a picture")
    return Frame(picture.name, 0, 0, taken_at, monotonic(), BgrPixels(cast("NDArray[np.uint8]", image)))


class PictureSource:
    """Pictures in their order; one that cannot be read is told and left out."""

    def __init__(self, pictures: Sequence[PictureFile], on_failure: Callable[[SourceEnded], None]) -> None:
        self.name = "pictures"
        self._pictures = pictures
        self._on_failure = on_failure

    async def frames(self) -> AsyncIterator[Frame]:
        threads = os.cpu_count() or 1
        ahead: deque[asyncio.Future[Frame]] = deque()
        with ThreadPoolExecutor(threads, "pictures") as pool:
            try:
                for picture in self._pictures:
                    ahead.append(asyncio.wrap_future(pool.submit(read, picture)))
                    if len(ahead) > threads and (frame := await self._read(ahead.popleft())):
                        yield frame
                while ahead:
                    if frame := await self._read(ahead.popleft()):
                        yield frame
            finally:
                for unread in ahead:
                    unread.cancel()

    async def _read(self, reading: asyncio.Future[Frame]) -> Frame | None:
        try:
            return await reading
        except SourceEnded as error:
            self._on_failure(error)
            return None
