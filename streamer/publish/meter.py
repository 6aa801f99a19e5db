"""Zones and lines to the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from streamer.event import LineCrossing, ZoneEvent

if TYPE_CHECKING:
    from streamer.event import Direction, Happening, ZoneChange
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class SceneObserver(Protocol):
    def zone(self, camera: str, zone: str, label: str, change: ZoneChange) -> None: ...

    def crossing(self, camera: str, line: str, label: str, direction: Direction) -> None: ...


class Meter:
    """A sink that counts what happens at zones and lines."""

    def __init__(self, observer: SceneObserver) -> None:
        self._observer = observer

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self.conclude(frame.camera, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        for each in happenings:
            if isinstance(each, ZoneEvent):
                self._observer.zone(camera, each.zone, each.label, each.change)
            elif isinstance(each, LineCrossing):
                self._observer.crossing(camera, each.line, each.label, each.direction)
