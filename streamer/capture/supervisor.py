"""Keeps one source alive: plays it, and tries again when it is lost."""

import logging
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Final

import anyio
from anyio.abc import TaskStatus

from streamer.capture.backoff import Backoff, BackoffLimits
from streamer.capture.broadcast import PacketBroadcast, PictureBroadcast
from streamer.capture.handover import Handover
from streamer.capture.memory import keep_freed_memory
from streamer.capture.playback import Plan, Playback
from streamer.capture.state import CaptureObserver, SourcePhase, SourceState
from streamer.capture.thread import BlockingWork, StuckError
from streamer.errors import SourceEnded, SourceError, SourceUnavailable
from streamer.frame import Frame

WINDOW: Final = 4
OVERDUE: Final = 1.5
MOST_STUCK: Final = 3

log = logging.getLogger(__name__)


class SupervisedSource:
    """A source with a decode thread of its own; see ``Source``."""

    def __init__(
        self,
        plan: Plan,
        observer: CaptureObserver,
        packets: PacketBroadcast | None,
        handover: Handover[Frame] | None = None,
    ) -> None:
        """
        Args:
            plan: how it is played.
            observer: hears of pictures and states.
            packets: where its packets go; None where there are none to pass on.
            handover: where its pictures go; its own unless said.
        """
        self.name = plan.camera
        self.packets = packets
        self.pictures = PictureBroadcast()
        self.intake = plan.intake
        self._plan = plan
        self._observer = observer
        self._handover = handover or Handover[Frame](WINDOW if plan.lossless else 1)
        self._playback = Playback(plan, observer, self._handover, packets or PacketBroadcast(), self.pictures)
        self._backoff = Backoff(BackoffLimits(), Random())
        self._phase: SourcePhase = "connecting"
        self._since = datetime.now(UTC)
        self._told: str | None = None
        self._was_live = False
        self._stuck: list[BlockingWork] = []

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        try:
            await self.keep_playing(task_status=task_status)
        finally:
            self.close()

    async def keep_playing(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """The same as ``run``, but cancelled it may be played again."""
        keep_freed_memory()
        self._change("connecting")
        task_status.started()
        while not await self._played():
            await self._worth_another_try()

    def close(self) -> None:
        """Nothing comes any more, to anybody."""
        self._handover.close()
        self.pictures.close()
        if self.packets is not None:
            self.packets.close()

    async def frames(self) -> AsyncIterator[Frame]:
        while (frame := await self._handover.take()) is not None:
            yield frame

    def frames_total(self) -> int | None:
        return self._playback.frames_total

    async def _played(self) -> bool:
        """Plays until the source is over (True) or lost (False)."""
        try:
            await self._play()
        except SourceError as error:
            self._lost(str(error))
        except StuckError:
            self._lost("the stream froze" if self._phase == "live" else "no usable answer")
        except Exception as error:
            log.exception("%s: capture failed", self._plan.title)
            self._lost(f"internal error: {type(error).__name__}")
        else:
            self._change("ended")
            return True
        return False

    async def _worth_another_try(self) -> None:
        if self.intake is None:
            await anyio.sleep(self._backoff.failed(time.monotonic()))
        else:
            await self.intake.filled()

    async def _play(self) -> None:
        self._stuck = [work for work in self._stuck if work.alive]
        if len(self._stuck) >= MOST_STUCK:
            raise SourceUnavailable("no usable answer, and earlier attempts did not end yet")
        stop = threading.Event()

        def end() -> None:
            stop.set()
            self._handover.interrupt()
            if self.intake is not None:
                self.intake.interrupt()

        play = partial(self._playback.play, stop, self._live)
        work = BlockingWork(play, end, self._overdue, f"capture {self.name}")
        try:
            await work.run()
        finally:
            if work.alive:
                self._stuck.append(work)

    def _overdue(self) -> bool:
        # libav notices by itself, unless it looks up a name or is fed what makes no packet.
        return self._playback.silent_s(time.monotonic()) > OVERDUE * self._plan.timeout_s

    def _live(self) -> None:
        self._backoff.live(time.monotonic())
        # What is opened again and again is told when it comes back, not each time.
        if self._told is not None or not self._was_live:
            log.info("%s: live", self._plan.title)
        self._told, self._was_live = None, True
        self._change("live")

    def _lost(self, reason: str) -> None:
        self._change("down", reason)
        if not self._plan.retried:
            raise SourceEnded(f"{self._plan.shown}: {reason}") from None
        # Attempts that fail alike are told once.
        if reason != self._told:
            log.warning("%s: %s: %s", self._plan.title, self._plan.shown, reason)
            self._told = reason

    def _decoder(self, phase: SourcePhase) -> str | None:
        return self._playback.decoder if phase == "live" else None

    def _change(self, phase: SourcePhase, reason: str | None = None) -> None:
        # Since when it is down, not since when it was tried last.
        if phase != "down" or self._phase != "down":
            self._since = datetime.now(UTC)
        self._phase = phase
        self._observer.changed(self.name, SourceState(phase, reason, self._since, self._decoder(phase)))
