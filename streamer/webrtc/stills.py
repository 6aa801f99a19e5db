"""Pictures of cameras as JPEG: the newest one when somebody asks, and each one for those who watch so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import anyio
import cv2
from anyio import to_thread

from streamer.publish.annotate import Annotator
from streamer.webrtc.results import LiveResults

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamer.capture.broadcast import PictureBroadcast
    from streamer.frame import Frame
    from streamer.webrtc.feed import Feed, Unit
    from streamer.webrtc.results import Result

QUALITY: Final = 80
NEXT_S: Final = 5.0
"""So long the next picture of a camera is waited for."""
ENCODING: Final = 2
"""Pictures that are encoded at the same time for those who ask."""


@dataclass(frozen=True, slots=True)
class StillWish:
    """Which picture is wanted.

    Attributes:
        annotate: with the boxes that were found in it.
        height: pixels at most; None: as it is.
    """

    annotate: bool = False
    height: int | None = None


class Stills:
    """Takes a camera's next picture when it is asked for: nothing is decoded or kept meanwhile."""

    def __init__(self, results: LiveResults) -> None:
        self._results = results
        self._encoding = anyio.CapacityLimiter(ENCODING)

    async def next(self, camera: str, pictures: PictureBroadcast, wish: StillWish) -> bytes | None:
        """A JPEG; None where no picture came in time."""
        found: Result | None = None
        frame: Frame | None = None
        with anyio.move_on_after(NEXT_S):
            if wish.annotate:
                with self._results.watched(camera) as results:
                    found = await results.take()
                    frame = found.frame
            else:
                with pictures.subscribed() as taker:
                    frame = await taker.take()
        if frame is None:
            return None
        return await to_thread.run_sync(_encoded, frame, found, wish.height, limiter=self._encoding)


class Newest:
    """The newest unit of a feed for one viewer; what it does not take in time it never sees."""

    def __init__(self, feed: Feed) -> None:
        """Begins with the latest one of ``feed``, which has to be told of it."""
        self._unit: Unit | None = feed.group[-1] if feed.group else None
        self._ended = False
        self._changed = anyio.Event()

    def offer(self, unit: Unit) -> None:
        """Called by the feed."""
        self._unit = unit
        self._changed.set()

    def end(self) -> None:
        """Called by the feed."""
        self._ended = True
        self._changed.set()

    @property
    def is_empty(self) -> bool:
        return self._unit is None

    async def first(self) -> None:
        """Returns once there is one to take, or none comes any more."""
        while self._unit is None and not self._ended:
            self._changed = anyio.Event()
            await self._changed.wait()

    async def take(self) -> Unit | None:
        """The next one; None at the end."""
        await self.first()
        unit, self._unit = self._unit, None
        return unit


def _encoded(frame: Frame, found: Result | None, height: int | None) -> bytes:
    image = frame.image if found is None else Annotator().annotated(frame.image, found.detections)
    return jpeg(shrunk(image, None, height))


def shrunk(image: NDArray[np.uint8], width: int | None, height: int | None) -> NDArray[np.uint8]:
    """A picture, uint8 HxWx3, that fits into so many pixels in its own shape; it is never made larger."""
    shares = (most / size for most, size in ((width, image.shape[1]), (height, image.shape[0])) if most)
    share = min(shares, default=1)
    if share >= 1:
        return image
    size = max(1, round(image.shape[1] * share)), max(1, round(image.shape[0] * share))
    return cast("NDArray[np.uint8]", cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """A picture, uint8 HxWx3 BGR, as JPEG; takes milliseconds."""
    return cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1].tobytes()
