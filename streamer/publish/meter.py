"""Zones, lines and the troubles of cameras to the metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from streamer.event import AttributeEvent, CameraEvent, LineCrossing, ZoneEvent

if TYPE_CHECKING:
    from streamer.event import CameraState, Direction, Happening, Parked, ZoneChange
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class SceneObserver(Protocol):
    def zone(self, camera: str, zone: str, label: str, change: ZoneChange) -> None: ...

    def stays(self, camera: str, zone: str, label: str) -> None: ...

    def camera_event(self, camera: str, state: CameraState) -> None: ...

    def attribute(self, told: AttributeEvent) -> None: ...

    def crossing(self, camera: str, line: str, label: str, direction: Direction) -> None: ...


class Meter:
    """A sink that counts what happens at zones and lines, and to cameras."""

    def __init__(self, observer: SceneObserver) -> None:
        self._observer = observer

    def recall(self, parked: Iterable[Parked]) -> None:
        """Count where an earlier process had left parked objects: nobody tells again that they entered."""
        for each in parked:
            for stay in each.stays:
                self._observer.stays(each.event.camera, stay.zone, stay.label)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self.conclude(frame.camera, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        for each in happenings:
            if isinstance(each, ZoneEvent):
                self._observer.zone(camera, each.zone, each.label, each.change)
            elif isinstance(each, LineCrossing):
                self._observer.crossing(camera, each.line, each.label, each.direction)
            elif isinstance(each, CameraEvent):
                self._observer.camera_event(camera, each.state)
            elif isinstance(each, AttributeEvent):
                self._observer.attribute(each)
