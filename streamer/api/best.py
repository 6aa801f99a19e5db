"""The best picture of an event, as it lies on disk or as it is wished for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

import anyio
import cv2
import numpy as np
from anyio import to_thread
from fastapi import HTTPException, Response

from streamer.publish.annotate import Annotator
from streamer.storage.snapshots import CROP, FULL, sidecar
from streamer.webrtc.stills import jpeg, shrunk

if TYPE_CHECKING:
    from streamer.event import Box
    from streamer.publish.annotate import Image

Part: TypeAlias = Literal["snapshot", "crop"]

SUFFIXES: Final[dict[Part, str]] = {"snapshot": FULL, "crop": CROP}
DRAWING: Final = 2
"""Pictures that are made at the same time for those who ask."""
SETTLED: Final = timedelta(minutes=1)
"""So long after the end of an event a better picture of the larger stream may still come."""
CHANGES: Final = "private, no-cache"
STAYS: Final = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class PictureWish:
    """Which picture is wanted.

    Attributes:
        part: the whole picture, or the object alone.
        box: the object is marked.
        width, height: pixels at most; None: as it is.
    """

    part: Part
    box: bool = False
    width: int | None = None
    height: int | None = None


class Pictured(Protocol):
    """What has a picture: an event, or a sample."""

    @property
    def snapshot(self) -> str | None: ...
    @property
    def label(self) -> str: ...
    @property
    def human_label(self) -> str | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def box(self) -> Box: ...
    @property
    def ended_at(self) -> datetime | None:
        """From then on the picture stays as it is."""


class BestPictures:
    """Reads below one folder; whatever takes long is done on a worker thread."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._drawing = anyio.CapacityLimiter(DRAWING)

    async def answer(self, event: Pictured, wish: PictureWish, known: str | None) -> Response:
        """A JPEG, or that the one that is known is still the one.

        Args:
            event: whose picture.
            wish: what it is like.
            known: the tags of pictures that whoever asks has (If-None-Match).

        Raises:
            HTTPException: there is none, or none any more (404).
        """
        return await to_thread.run_sync(self._answer, event, wish, known, limiter=self._drawing)

    def _answer(self, event: Pictured, wish: PictureWish, known: str | None) -> Response:
        try:
            stem = self._stem(event)
            path = stem.with_name(stem.name + SUFFIXES[wish.part])
            found = path.stat()
            tag = f'"{found.st_mtime_ns:x}-{found.st_size:x}-{_variant(event, wish):x}"'
            headers = {"ETag": tag, "Cache-Control": _lasting(event, wish)}
            if known is not None and tag in [each.strip().removeprefix("W/") for each in known.split(",")]:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            content = path.read_bytes()
        except FileNotFoundError:
            raise HTTPException(HTTPStatus.NOT_FOUND, "this event has no picture, or none any more") from None
        if wish != PictureWish(wish.part):
            content = _made(content, event, wish, stem)
        return Response(content, media_type="image/jpeg", headers=headers)

    def _stem(self, event: Pictured) -> Path:
        """Where its pictures lie, without suffix; FileNotFoundError where that is not below the folder."""
        stem = self._data / (event.snapshot or "")
        if event.snapshot is None or not stem.resolve().is_relative_to(self._data.resolve() / "snapshots"):
            raise FileNotFoundError(event.snapshot)
        return stem


def _variant(event: Pictured, wish: PictureWish) -> int:
    """Tells apart what is made of the same file."""
    drawn = (event.human_label, event.label, event.confidence) if wish.box else ()
    return zlib.crc32(repr((wish, drawn)).encode())


def _lasting(event: Pictured, wish: PictureWish) -> str:
    is_settled = event.ended_at is not None and event.ended_at < datetime.now(UTC) - SETTLED
    # What a person calls it is drawn beside the box, and may change.
    return STAYS if is_settled and not wish.box else CHANGES


def _made(content: bytes, event: Pictured, wish: PictureWish, stem: Path) -> bytes:
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "the picture of this event is broken")
    image = np.asarray(decoded, np.uint8)
    if wish.box:
        _mark(image, event, stem)
    return jpeg(shrunk(image, wish.width, wish.height))


def _mark(image: Image, event: Pictured, stem: Path) -> None:
    # Slow to import, and seldom needed.
    from supervision import Detections

    kept = sidecar(stem)
    # The event's own box may be that of a smaller stream.
    box = event.box if kept is None else kept.box
    found = Detections(
        xyxy=np.array([box], np.float32),
        confidence=np.array([event.confidence], np.float32),
        data={"class_name": np.array([event.human_label or event.label])},
    )
    Annotator().draw(image, found)
