"""Events to the store, and to the count of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from streamer.event import Event

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class Store(Protocol):
    async def save(self, frame: Frame | None, event: Event) -> None: ...


class EventObserver(Protocol):
    def event(self, camera: str, label: str, phase: str) -> None: ...


class StoreSink:
    """Keeps every phase of every event."""

    def __init__(self, store: Store, observer: EventObserver) -> None:
        self._store = store
        self._observer = observer

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self._keep(frame, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        await self._keep(None, happenings)

    async def _keep(self, frame: Frame | None, happenings: Sequence[Happening]) -> None:
        for event in happenings:
            if isinstance(event, Event):
                await self._store.save(frame, event)
                self._observer.event(event.camera, event.label, event.phase)
