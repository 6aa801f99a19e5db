"""Every result to every sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamer.publish.sink import Sink

if TYPE_CHECKING:
    from streamer.event import Event
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class Publisher:
    """Sinks in the order they are told; each one bounds its own wait."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)

    async def publish(self, frame: Frame, tracks: Tracks, events: Sequence[Event]) -> None:
        for sink in self._sinks:
            await sink.publish(frame, tracks, events)

    async def conclude(self, camera: str, events: Sequence[Event]) -> None:
        for sink in self._sinks:
            await sink.conclude(camera, events)
