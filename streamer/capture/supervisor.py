"""Keeps one source alive: plays it, and tries again when it is lost."""

import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random

import anyio
from anyio import to_thread
from anyio.abc import TaskStatus

from streamer.capture.backoff import Backoff, BackoffLimits
from streamer.capture.broadcast import PacketBroadcast
from streamer.capture.handover import Handover
from streamer.capture.playback import Pending, Plan, Playback
from streamer.capture.state import CaptureObserver, SourcePhase, SourceState
from streamer.capture.thread import run_in_thread
from streamer.errors import SourceEnded, SourceError
from streamer.frame import Frame

WINDOW = 4

log = logging.getLogger(__name__)


class SupervisedSource:
    """A source with a decode thread of its own; see ``Source``."""

    def __init__(self, plan: Plan, observer: CaptureObserver, packets: PacketBroadcast | None) -> None:
        self.name = plan.camera
        self.packets = packets
        self._plan = plan
        self._observer = observer
        self._handover: Handover[Frame | Pending] = Handover(WINDOW if plan.lossless else 1)
        self._playback = Playback(plan, observer, self._handover, packets or PacketBroadcast())
        self._backoff = Backoff(BackoffLimits(), Random())

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        self._change("connecting")
        task_status.started()
        try:
            while not await self._played():
                delay_s = self._backoff.failed(time.monotonic())
                log.debug("%s: next attempt in %.1f s", self.name, delay_s)
                await anyio.sleep(delay_s)
        finally:
            self._handover.close()
            if self.packets is not None:
                self.packets.close()

    async def frames(self) -> AsyncIterator[Frame]:
        while (item := await self._handover.take()) is not None:
            yield await to_thread.run_sync(item.frame) if isinstance(item, Pending) else item

    def frames_total(self) -> int | None:
        return self._playback.frames_total

    async def _played(self) -> bool:
        """Plays until the source is over (True) or lost (False)."""
        try:
            await run_in_thread(self._play, self._playback.stop, f"capture {self.name}")
        except SourceError as error:
            self._lost(str(error))
        except Exception as error:
            log.exception("%s: capture failed", self.name)
            self._lost(f"internal error: {type(error).__name__}")
        else:
            self._change("ended")
            return True
        return False

    def _play(self) -> None:
        self._playback.play(self._live)

    def _live(self) -> None:
        self._backoff.live(time.monotonic())
        log.info("%s: live", self.name)
        self._change("live")

    def _lost(self, reason: str) -> None:
        self._change("down", reason)
        if not self._plan.retried:
            raise SourceEnded(f"{self._plan.shown}: {reason}") from None
        log.warning("%s: %s: %s", self.name, self._plan.shown, reason)

    def _change(self, phase: SourcePhase, reason: str | None = None) -> None:
        self._observer.changed(self.name, SourceState(phase, reason, datetime.now(UTC)))
