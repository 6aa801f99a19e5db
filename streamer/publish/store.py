"""Events and the troubles of cameras to the store, and to the count of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from streamer.event import CameraEvent, Event, ZoneEvent

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.publish.snapshots import MainSnapshots
    from streamer.tracking.tracks import Tracks


class Store(Protocol):
    async def save(self, frame: Frame | None, event: Event) -> None: ...

    def trouble(self, event: CameraEvent) -> None: ...

    def move(self, event: ZoneEvent) -> None: ...


class EventObserver(Protocol):
    def event(self, camera: str, label: str, phase: str) -> None: ...


class StoreSink:
    """Keeps every phase of every event, who is in which zone, and what befalls cameras."""

    def __init__(
        self, store: Store, observer: EventObserver, mains: Mapping[str, MainSnapshots] | None = None
    ) -> None:
        """
        Args:
            store: where they are kept.
            observer: counts them.
            mains: by camera, what keeps the events of those with two streams.
        """
        self._store = store
        self._observer = observer
        self._mains = mains or {}

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self._keep(frame, happenings)
        main = self._mains.get(frame.camera)
        if main is not None:
            main.look(frame, tracks)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        await self._keep(None, happenings)

    async def _keep(self, frame: Frame | None, happenings: Sequence[Happening]) -> None:
        for event in happenings:
            if isinstance(event, CameraEvent):
                self._store.trouble(event)
            elif isinstance(event, ZoneEvent):
                self._store.move(event)
            elif isinstance(event, Event):
                await self._mains.get(event.camera, self._store).save(frame, event)
                self._observer.event(event.camera, event.label, event.phase)
