"""Watches over one camera while it runs: hears of its connection, looks at its pictures, and tells."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio import to_thread

from streamer.health.camera import CameraHealth
from streamer.health.look import look
from streamer.health.picture import PictureJudge

if TYPE_CHECKING:
    from streamer.capture.state import DropReason, MainState, SourceState
    from streamer.config.tree import StateConfig
    from streamer.event import CameraEvent, CameraState
    from streamer.frame import Frame
    from streamer.health.verdict import Verdict

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
TICK_S: Final = 0.25
"""So much later than due may something be told."""


class FrameSource(Protocol):
    name: str

    def frames(self) -> AsyncIterator[Frame]: ...


class Publisher(Protocol):
    async def conclude(self, camera: str, events: Sequence[CameraEvent]) -> None: ...


class HealthObserver(Protocol):
    """Hears what is known of a camera; the connection's part from any thread."""

    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: DropReason) -> None: ...

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None: ...

    def main_changed(self, camera: str, state: MainState) -> None: ...

    def looked(self, camera: str, picture: Verdict) -> None:
        """What the camera's pictures are worth now."""


@dataclass(frozen=True, slots=True)
class Change:
    """The source was in another state from ``at`` (monotonic seconds) on."""

    state: SourceState
    at: float


class CameraWatch:
    """Stands between a source and its pipeline, and holds neither up.

    It is the source's observer, and looks at one of its frames a second, in a thread.
    """

    def __init__(self, camera: str, config: StateConfig, observer: HealthObserver) -> None:
        """
        Args:
            camera: its name.
            config: how long a state has to last, and whether pictures are looked at.
            observer: hears everything at once, whether it lasts or not.
        """
        self.name = camera
        self._observer = observer
        # Handed on without a step in between: it is called for every picture of the stream.
        self.received: Callable[[str], None] = observer.received
        self.dropped: Callable[[str, DropReason], None] = observer.dropped
        self.clocked: Callable[[str, float], None] = observer.clocked
        self.main_changed: Callable[[str, MainState], None] = observer.main_changed
        self._looking = config.picture
        self._health = CameraHealth(camera, config.hold)
        self._judge = PictureJudge()
        self._changes: deque[Change] = deque()
        self._waiting: Frame | None = None
        self._next_look_at = 0.0

    def recall(self, told: CameraState) -> None:
        """What an earlier process told of it last."""
        # Nobody would see that its pictures are fine again.
        self._health.recall(told if self._looking or told == "down" else "up")

    def changed(self, camera: str, state: SourceState) -> None:
        """The source is in another state; called from any thread."""
        self._changes.append(Change(state, time.monotonic()))
        self._observer.changed(camera, state)

    def offer(self, frame: Frame) -> None:
        """A frame that may be looked at; one a second is."""
        if self._looking and frame.decoded_at >= self._next_look_at:
            self._waiting, self._next_look_at = frame, frame.decoded_at + LOOK_EVERY_S

    async def run(self, publisher: Publisher) -> None:
        """Tells what lasts, until it is cancelled."""
        while True:
            events: list[CameraEvent] = []
            while self._changes:
                change = self._changes.popleft()
                events += self._health.connected(change.state, change.at)
            events += await self._look()
            events += self._health.update(time.monotonic())
            for event in events:
                _log(event)
            if events:
                await publisher.conclude(self.name, events)
            await anyio.sleep(TICK_S)

    async def _look(self) -> list[CameraEvent]:
        frame, self._waiting = self._waiting, None
        if frame is None:
            return []
        now, at = time.monotonic(), datetime.now(UTC)
        verdict = await to_thread.run_sync(lambda: self._judge.judge(look(frame), now, at))
        self._observer.looked(self.name, verdict)
        return self._health.looked(verdict, now)


def _log(event: CameraEvent) -> None:
    level = logging.INFO if event.state == "up" else logging.WARNING
    why = "" if event.reason is None else f": {event.reason}"
    log.log(level, "%s: %s since %s UTC%s", event.camera, event.state, f"{event.since:%H:%M:%S}", why)


class Watched:
    """A source as the pipeline sees it, with somebody looking on."""

    def __init__(self, source: FrameSource, watch: CameraWatch) -> None:
        self.name = source.name
        self._source = source
        self._watch = watch

    async def frames(self) -> AsyncIterator[Frame]:
        async for frame in self._source.frames():
            self._watch.offer(frame)
            yield frame
