"""Pictures of events from the larger of a camera's two streams."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio import to_thread

from streamer.capture.pairing import are_of_different_shape, mapped, shapes
from streamer.errors import SourceError
from streamer.events import picture_score

if TYPE_CHECKING:
    from streamer.capture.mainstream import MainStream
    from streamer.event import Box, Event
    from streamer.frame import Frame, Stream
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

FRESH_S: Final = 60.0
"""An event without a better picture for so long needs no larger stream: a parked car's lasts for days."""


class PictureStore(Protocol):
    """Where events and their pictures are kept."""

    async def save(self, frame: Frame | None, event: Event) -> None: ...

    def record(self, event: Event, frame: Frame | None) -> None: ...

    async def keep(self, frame: Frame, event: Event, stream: Stream | None = None) -> None: ...


class SnapshotObserver(Protocol):
    def pictured(self, camera: str, stream: Stream) -> None:
        """A picture of an event was taken from that stream."""


@dataclass(slots=True)
class Kept:
    """A running event, and what the picture that is kept of it is worth."""

    event: Event
    stream: Stream = "sub"
    worth: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A larger picture of an event is wanted: of the moment of this frame, in whose pixels its box is."""

    kept: Kept
    frame: Frame
    event: Event


class MainSnapshots:
    """Keeps the events of one camera: with the picture at hand at once, with the larger one when it is there.

    The larger stream is open while an event is young or gets better pictures. A wish is for the newest
    frame that shows an event's object; there is at most one for each event.
    """

    def __init__(self, main: MainStream, store: PictureStore, observer: SnapshotObserver) -> None:
        self._main = main
        self._store = store
        self._observer = observer
        self._running: dict[str, Kept] = {}
        self._wishes: dict[str, Wish] = {}
        self._work = anyio.Event()
        self._size: tuple[int, int] | None = None

    async def save(self, frame: Frame | None, event: Event) -> None:
        """Take an event, and the frame it is published with as a picture of it (not at its end)."""
        if frame is None or event.phase == "end":
            await self._store.save(frame, event)
            self._ended(event)
            return
        if not event.pictured:
            await self._store.save(frame, event)
            return
        self._main.needed_until(time.monotonic() + FRESH_S)
        kept = self._running.setdefault(event.id, Kept(event))
        kept.event = event
        self._store.record(event, frame)
        worth = worth_of(event.box, event.confidence, frame, (frame.width, frame.height))
        # What a larger picture shows already is not given up for a smaller one.
        wish = Wish(kept, frame, event)
        if worth > kept.worth:
            await self._keep(wish, frame, worth, "sub")
        self._wish(wish)

    def look(self, frame: Frame, tracks: Tracks) -> None:
        """See whether this frame's larger picture may take the place of smaller ones."""
        if not self._main.pictures.any:
            return
        for kept in self._running.values():
            if kept.stream == "main" or kept.event.id in self._wishes:
                continue
            seen = sighting(tracks, kept.event.track)
            if seen is None:
                continue
            box, confidence = seen
            if self._size and worth_of(box, confidence, frame, self._size) < kept.worth:
                continue
            self._wish(Wish(kept, frame, replace(kept.event, box=box, confidence=confidence)))

    async def run(self) -> None:
        """Get larger pictures until cancelled."""
        while True:
            await self._work.wait()
            self._work = anyio.Event()
            while self._wishes:
                await self._grant(self._wishes.pop(next(iter(self._wishes))))

    async def _grant(self, wish: Wish) -> None:
        larger = await self._main.pictures.near(wish.frame)
        if larger is None:
            return
        try:
            # Decoded here, off the loop, where it can still be left out.
            await to_thread.run_sync(larger.pixels.bgr)
        except SourceError as error:
            log.debug("%s: no larger picture: %s", wish.event.camera, error)
            return
        self._compare_shapes(wish.frame, larger)
        self._size = larger.width, larger.height
        worth = worth_of(wish.event.box, wish.event.confidence, wish.frame, self._size)
        if worth >= wish.kept.worth:
            await self._keep(wish, larger, worth, "main")

    async def _keep(self, wish: Wish, frame: Frame, worth: float, stream: Stream) -> None:
        kept = wish.kept
        kept.worth, kept.stream = worth, stream
        event = replace(
            wish.event, confidence=kept.event.confidence, box=mapped(wish.event.box, wish.frame, frame)
        )
        await self._store.keep(frame, event, stream)
        self._observer.pictured(event.camera, stream)

    def _wish(self, wish: Wish) -> None:
        self._wishes[wish.event.id] = wish
        self._work.set()

    def _ended(self, event: Event) -> None:
        if self._running.pop(event.id, None) is not None and not self._running:
            self._main.needed_until(time.monotonic())

    def _compare_shapes(self, frame: Frame, larger: Frame) -> None:
        if self._size is None and are_of_different_shape(frame, larger):
            log.info("%s: %s", frame.camera, shapes(frame, larger))


def worth_of(box: Box, confidence: float, frame: Frame, size: tuple[int, int]) -> float:
    """What a picture of that size is worth: the score of the box, by its side in the picture's pixels.

    Args:
        box: in pixels of ``frame``.
        confidence: 0..1.
        frame: in which the object was found.
        size: width and height of the picture, whichever stream it is of.
    """
    return picture_score(list(box), confidence, (frame.width, frame.height)) * math.sqrt(size[0] * size[1])


def sighting(tracks: Tracks, track: int) -> tuple[Box, float] | None:
    """Box and confidence of a followed object in this frame; None where it was not seen."""
    found = tracks.detections
    if found.tracker_id is None or found.confidence is None:
        return None
    for number, each in enumerate(found.tracker_id.tolist()):
        if each == track:
            x1, y1, x2, y2 = found.xyxy[number].tolist()
            return (x1, y1, x2, y2), float(found.confidence[number])
    return None
