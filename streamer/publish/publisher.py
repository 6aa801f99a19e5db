"""Every result to every sink."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import anyio

from streamer.publish.sink import Sink

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

FINISH_S: Final = 1.0


class Publisher:
    """Sinks in the order they are told; each one bounds its own wait."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        """What the first sink took, the others get too: when cancelled, within ``FINISH_S``."""
        waiting = deque(self._sinks)
        try:
            while waiting:
                await waiting[0].publish(frame, tracks, happenings)
                waiting.popleft()
        except anyio.get_cancelled_exc_class():
            if len(waiting) < len(self._sinks):
                with anyio.move_on_after(FINISH_S, shield=True):
                    for sink in waiting:
                        await sink.publish(frame, tracks, happenings)
            raise

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        for sink in self._sinks:
            await sink.conclude(camera, happenings)


class Opening:
    """The same, but the sinks are only opened when there is something to publish."""

    def __init__(self, open_sinks: Callable[[], Awaitable[Sequence[Sink]]]) -> None:
        self._open_sinks = open_sinks
        self._publisher: Publisher | None = None

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        if self._publisher is None:
            self._publisher = Publisher(await self._open_sinks())
        await self._publisher.publish(frame, tracks, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        if self._publisher is not None:
            await self._publisher.conclude(camera, happenings)
