"""The larger stream of a camera, which is open only while somebody needs it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.pairing import RecentPictures, later_s
from streamer.capture.state import DropReason, MainState, SourceState, StreamsObserver
from streamer.capture.supervisor import SupervisedSource
from streamer.errors import SourceEnded

if TYPE_CHECKING:
    from streamer.capture.broadcast import PacketBroadcast, PictureBroadcast
    from streamer.capture.place import Place
    from streamer.capture.playback import Plan

log = logging.getLogger(__name__)

LINGER_S: Final = 10.0
"""So long it stays open after it was needed: opening it takes a second or two, events come in rows."""


class Need:
    """Whether anybody needs a stream: some for as long as they say, others until they let go."""

    def __init__(self, linger_s: float) -> None:
        self._linger_s = linger_s
        self._holders = 0
        self._until = -math.inf

    def until(self, at: float) -> None:
        """It is needed until then, monotonic seconds, whatever was said before."""
        self._until = at + self._linger_s

    def hold(self) -> None:
        self._holders += 1

    def let_go(self, now: float) -> None:
        self._holders -= 1
        self._until = max(self._until, now + self._linger_s)

    def left_s(self, now: float) -> float:
        """Seconds for which it is needed yet, as far as is known; 0 when it is not."""
        return math.inf if self._holders else max(0.0, self._until - now)


class MainStream:
    """Opens the larger stream when it is needed, and closes it a while after it was.

    Attributes:
        pictures: its latest ones; none while it is closed.
        shown: each of them as it comes, while somebody takes them; decoded when they are looked at.
    """

    def __init__(
        self,
        plan: Plan,
        observer: StreamsObserver,
        packets: PacketBroadcast | None,
        place: Place | None = None,
        linger_s: float = LINGER_S,
    ) -> None:
        """
        Args:
            plan: how it is played.
            observer: hears how it does.
            packets: where its packets go, for viewers; None where there are none to pass on.
            place: of two recordings, which are paired by it; None for streams that are live.
            linger_s: how long it stays open after it was needed.
        """
        self.pictures = RecentPictures(later_s if place is None else place.later_s)
        self._plan = plan
        self._observer = observer
        self._packets = packets
        self._source = SupervisedSource(plan, _Apart(observer), packets, self.pictures)
        self.shown: PictureBroadcast = self._source.pictures
        self._need = Need(linger_s)
        self._changed = anyio.Event()
        self._told: str | None = None

    def needed_until(self, at: float) -> None:
        """Events need it until then, monotonic seconds."""
        self._need.until(at)
        self._changed.set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """A viewer watches it: it is open for as long as the block lasts."""
        self._need.hold()
        self._changed.set()
        try:
            yield
        finally:
            self._need.let_go(time.monotonic())
            self._changed.set()

    async def run(self) -> None:
        """Opens and closes it until cancelled."""
        self._closed()
        try:
            while True:
                await self._until_needed()
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._play)
                    await self._until_unneeded()
                    tasks.cancel_scope.cancel()
                self.pictures.clear()
                self._closed()
        finally:
            self._source.close()

    async def _play(self) -> None:
        try:
            await self._source.keep_playing()
        except SourceEnded as error:
            # A recording that cannot be read; it is tried again when it is needed again.
            if str(error) != self._told:
                log.warning("%s: %s", self._plan.title, error)
            self._told = str(error)

    async def _until_needed(self) -> None:
        while not self._need.left_s(time.monotonic()):
            await self._changed.wait()
            self._changed = anyio.Event()

    async def _until_unneeded(self) -> None:
        while left_s := self._need.left_s(time.monotonic()):
            with anyio.move_on_after(left_s):
                await self._changed.wait()
                self._changed = anyio.Event()

    def _closed(self) -> None:
        if self._packets is not None:
            # A viewer who comes later would begin with what was seen then.
            self._packets.restart(None)
        self._observer.main_changed(self._plan.camera, MainState("closed", None, datetime.now(UTC)))


class _Apart:
    """Keeps what the larger stream tells apart from the camera's own figures."""

    def __init__(self, observer: StreamsObserver) -> None:
        self._observer = observer

    def received(self, camera: str) -> None:
        """The camera's figures are those of the stream that is detected on."""

    def dropped(self, camera: str, reason: DropReason) -> None:
        """Nobody takes these pictures one by one."""

    def clocked(self, camera: str, offset_s: float) -> None:
        """Both streams are by the camera's one clock."""

    def changed(self, camera: str, state: SourceState) -> None:
        self._observer.main_changed(camera, MainState(state.state, state.reason, state.since))
