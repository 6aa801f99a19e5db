"""A sink that draws what was found into every frame, on a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

import anyio.to_thread

from streamer.publish.annotate import Annotator
from streamer.publish.outbox import Outbox

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.publish.annotate import Image
    from streamer.tracking.tracks import Tracks

FRAMES_WAITING: Final = 4


class Target(Protocol):
    """Where drawn frames go; everything in it may block."""

    @property
    def name(self) -> str:
        """For messages."""

    def claim(self) -> None:
        """Makes sure that it can be written, before hours of work; ConfigError where it cannot."""

    def add(self, frame: Frame, image: Image) -> None:
        """Takes a frame as it is drawn, uint8 [h, w, 3] BGR; SinkUnavailable when it cannot be written."""

    def close(self) -> None:
        """Called once, last, on the thread that adds."""


class Drawing:
    """Everything is in the target once the ``async with`` block is left, however that happened."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._annotator = Annotator()
        self._outbox: Outbox[tuple[Frame, Detections]] = Outbox(
            target.name, self._draw, target.close, bound=FRAMES_WAITING
        )

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._target.claim)
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

    def _draw(self, item: tuple[Frame, Detections]) -> None:
        frame, detections = item
        self._target.add(frame, self._annotator.annotated(frame.image, detections))
