"""Runs one detector for many cameras, in threads, and sees to it that none of them hangs for ever."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio.abc import TaskStatus

from detectors.errors import InferenceError
from detectors.regions import WHOLE, lay_out
from streamer.batching.inference import Inference, Model
from streamer.batching.queue import Queue, Worker
from streamer.batching.request import Request, resolve
from streamer.errors import DetectorStuck
from streamer.regions import Crops

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.detector import Policy
    from detectors.manifest import ModelManifest
    from detectors.regions import Shares
    from streamer.batching.request import Outcome
    from streamer.config.tree import DetectorConfig
    from streamer.frame import Frame

log = logging.getLogger(__name__)

STUCK_FACTOR: Final = 20.0
"""A run hangs once it takes so many times as long as the slowest of the warm-up ..."""
STUCK_MIN_S: Final = 5.0
"""... and at least so long."""
WATCH_EVERY_S: Final = 1.0
END_S: Final = 2.0
"""How long runs under way may take to finish when the service stops."""
LONGEST_WINDOW: Final = 24
WINDOW_S: Final = 0.2
"""Small frames are in flight for as much work as is done in this time, ..."""
WINDOW_BYTES: Final = 128 * 2**20
"""... unless they would take more memory."""


class Engine(Model, Protocol):
    """What a batcher needs of a detector."""

    @property
    def manifest(self) -> ModelManifest: ...

    def warm_up(self, *, quick: bool = False) -> Policy: ...

    def rebuild(self) -> None: ...


class BatchObserver(Protocol):
    """What the metrics and the readiness want to know of a queue."""

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None: ...

    def stuck(self, detector: str, reason: str | None) -> None: ...


class Batcher:
    """Runs one detector for many cameras.

    On a CPU a batch is one frame and each of N threads runs the shared session; on a GPU one
    thread collects frames for at most ``max_wait_s`` into the warmed batch sizes.
    """

    def __init__(
        self,
        name: str,
        detector: Engine,
        config: DetectorConfig,
        observer: BatchObserver,
        *,
        quick: bool = False,
    ) -> None:
        """
        Args:
            name: of the detector in the configuration.
            detector: the model.
            config: how it is run: its limits, and how long a batch may be collected.
            observer: hears of depths, runs and hangs.
            quick: warm up without trying numbers of workers; the first result comes sooner.
        """
        self.name = name
        self.detector = detector
        self._config = config
        self._observer = observer
        self._quick = quick
        self._inference = Inference(name, detector, config)
        self._workers: list[Worker] = []
        self._threads: list[threading.Thread] = []
        self._rebuilt = False
        self._stuck = False

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Warm the detector up, then serve until cancelled.

        Raises:
            DetectorError: the model could not be run at all.
            DetectorStuck: a run hung, and hung again with a fresh session.
        """
        policy = await anyio.to_thread.run_sync(partial(self.detector.warm_up, quick=self._quick))
        self._queue = Queue(max(policy.buckets), self._config.max_wait_ms / 1000)
        self._loop = asyncio.get_running_loop()
        self._policy = policy
        self._log(policy)
        try:
            self._start_workers()
            task_status.started()
            while True:
                await anyio.sleep(WATCH_EVERY_S)
                await self._watch(time.monotonic())
        finally:
            self._queue.close()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._join)

    def window(self, frame: Frame, crops: int = 1) -> int:
        """How many frames like this one a file should have in flight.

        Enough to keep every thread busy while half of them are followed; more of them, for longer bursts,
        as long as they are small and done soon. With ``crops`` of each, fewer frames do that.
        """
        policy = self._policy
        least = max(2, -(-2 * policy.workers * max(policy.buckets) // crops))
        soon = int(WINDOW_S * policy.workers / (policy.run_s[1] * crops))
        return max(least, min(LONGEST_WINDOW, soon, WINDOW_BYTES // (3 * frame.width * frame.height)))

    @property
    def policy(self) -> Policy:
        return self._policy

    def submit(
        self, frame: Frame, min_confidence: float, regions: Sequence[Shares] = WHOLE
    ) -> asyncio.Future[Detections]:
        """Queue a frame; the result is its detections from ``min_confidence`` on, or an `InferenceError`.

        Each of several ``regions`` of it is a picture of its own to the detector, and to the metrics; the
        result comes once all of them are done.
        """
        future: asyncio.Future[Detections] = self._loop.create_future()
        if regions == WHOLE:
            self._queue.put([Request(frame, min_confidence, future)])
        else:
            crops = Crops(lay_out(regions, frame.width, frame.height))
            self._queue.put(
                [Request(frame, min_confidence, future, crops, number) for number in range(len(regions))]
            )
        self._observer.queue_depth(self.name, len(self._queue))
        return future

    def _log(self, policy: Policy) -> None:
        log.info("detector %s: %s on %s", self.name, self.detector.manifest.name, policy)
        for workers, rate in policy.pictures_per_s.items():
            log.info("detector %s: %.0f pictures/s with %d at a time", self.name, rate, workers)
        if policy.passed_over:
            log.info("detector %s: %s", self.name, policy.passed_over)

    def _start_workers(self) -> None:
        self._workers = [Worker() for _ in range(self._policy.workers)]
        # Daemons: a run that never returns must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), name=f"{self.name}-{number}", daemon=True)
            for number, worker in enumerate(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def _join(self) -> None:
        """Wait for the runs under way: a process that ends inside one of them is aborted by onnxruntime."""
        deadline = time.monotonic() + END_S
        for worker, thread in zip(self._workers, self._threads, strict=True):
            if not worker.abandoned:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, worker: Worker) -> None:
        while requests := self._queue.take(worker):
            worker.requests, worker.started_at = requests, time.monotonic()
            outcomes = self._inference.outcomes(requests)
            seconds = time.monotonic() - worker.started_at
            if worker.abandoned:
                return
            worker.requests, worker.started_at = (), None
            self._observer.batch(self.name, len(requests), seconds)
            if self._stuck:
                self._stuck = False
                self._observer.stuck(self.name, None)
            done = zip(requests, outcomes, strict=True)
            self._post([(request, outcome) for request, outcome in done if outcome is not None])

    def _post(self, done: Sequence[tuple[Request, Outcome]]) -> None:
        try:
            self._loop.call_soon_threadsafe(resolve, done)
        except RuntimeError:
            # The loop closed while this batch ran: nobody waits for it any more.
            log.debug("detector %s: a result came after the end", self.name)

    async def _watch(self, now: float) -> None:
        limit_s = max(STUCK_MIN_S, STUCK_FACTOR * max(self._policy.run_s.values()))
        since = [worker.started_at for worker in self._workers if worker.started_at is not None]
        if not since or now - min(since) < limit_s:
            return
        hang = f"a run of {self.detector.manifest.name} did not return in {limit_s:.0f} s"
        reason = f"detector {self.name}: {hang}"
        # Until a run returns again; a fresh session alone does not mean that it will.
        self._stuck = True
        self._observer.stuck(self.name, hang)
        self._abandon(reason)
        if self._rebuilt:
            raise DetectorStuck(f"{reason}, nor did one before with another session")
        log.error("%s; building a fresh session", reason)
        self._rebuilt = True
        await self._rebuild(reason, limit_s)
        self._start_workers()

    def _abandon(self, reason: str) -> None:
        for worker in self._workers:
            worker.abandoned = True
            resolve([(request, InferenceError(reason)) for request in worker.requests])
        self._queue.wake()

    async def _rebuild(self, reason: str, limit_s: float) -> None:
        with anyio.move_on_after(limit_s + STUCK_MIN_S) as scope:
            await anyio.to_thread.run_sync(self.detector.rebuild, abandon_on_cancel=True)
        if scope.cancelled_caught:
            raise DetectorStuck(f"{reason}, nor could a fresh session be built")
