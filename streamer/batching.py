"""One queue of frames for all cameras of a detector, and the threads that run it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

import anyio
import numpy as np
from anyio.abc import TaskStatus

from detectors.errors import DetectorError, InferenceError
from detectors.session import Limits
from streamer.errors import DetectorStuck

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.detector import Policy, Prepared
    from detectors.manifest import ModelManifest
    from detectors.pixels import Pixels
    from streamer.config import DetectorConfig
    from streamer.frame import Frame

    Outcome: TypeAlias = Detections | DetectorError

log = logging.getLogger(__name__)

STUCK_FACTOR: Final = 20.0
STUCK_MIN_S: Final = 5.0
WATCH_EVERY_S: Final = 1.0
END_S: Final = 2.0
LONGEST_WINDOW: Final = 24
WINDOW_S: Final = 0.2
WINDOW_BYTES: Final = 128 * 2**20


class Engine(Protocol):
    """What a queue needs of a detector."""

    @property
    def manifest(self) -> ModelManifest: ...

    def warm_up(self, *, quick: bool = False) -> Policy: ...

    def prepare(self, picture: Pixels) -> Prepared: ...

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]: ...

    def rebuild(self) -> None: ...


class BatchObserver(Protocol):
    """What the metrics and the readiness want to know of a queue."""

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None: ...

    def stuck(self, detector: str, reason: str | None) -> None: ...


@dataclass(slots=True, eq=False)
class Request:
    """One frame on its way through the detector; its future is resolved exactly once."""

    frame: Frame
    min_confidence: float
    future: asyncio.Future[Detections]


@dataclass(slots=True, eq=False)
class Worker:
    """What the watchdog sees of one thread: the batch it runs, and since when."""

    requests: Sequence[Request] = ()
    started_at: float | None = None
    abandoned: bool = False


class Queue:
    """Requests waiting for a thread; the first one of a batch starts its clock.

    Its bound is the number of frames that the pipelines have in flight: each of them waits for
    its result before it submits more than its window.
    """

    def __init__(self, max_batch: int, max_wait_s: float) -> None:
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._waiting: deque[Request] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, request: Request) -> None:
        with self._changed:
            self._waiting.append(request)
            self._changed.notify()

    def close(self) -> None:
        """Let every `take` return; what still waits is handed out first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Let workers that were abandoned while they waited see it; else one could swallow a frame's call."""
        with self._changed:
            self._changed.notify_all()

    def take(self, worker: Worker) -> list[Request]:
        """Wait for a batch; empty once the queue is closed or the worker was abandoned."""
        with self._changed:
            batch = self._first(worker)
            deadline = time.monotonic() + self._max_wait_s
            while batch and len(batch) < self._max_batch:
                if self._waiting:
                    self._move(batch)
                elif self._closed or not self._changed.wait(deadline - time.monotonic()):
                    break
            return batch

    def _first(self, worker: Worker) -> list[Request]:
        batch: list[Request] = []
        while not batch and not worker.abandoned:
            if self._waiting:
                self._move(batch)
            elif self._closed:
                break
            else:
                self._changed.wait()
        return batch

    def _move(self, batch: list[Request]) -> None:
        request = self._waiting.popleft()
        # A caller that was cancelled while it waited wants no result.
        if not request.future.done():
            batch.append(request)


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
            config: its overlap limit, and how long a batch may be collected.
            observer: hears of depths, runs and hangs.
            quick: warm up without trying numbers of workers; the first result comes sooner.
        """
        self.name = name
        self.detector = detector
        self._config = config
        self._observer = observer
        self._quick = quick
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

    def window(self, frame: Frame) -> int:
        """How many frames like this one a file should have in flight.

        Enough to keep every thread busy while half of them are followed; more of them, for longer bursts,
        as long as they are small and done soon.
        """
        policy = self._policy
        least = 2 * policy.workers * max(policy.buckets)
        soon = int(WINDOW_S * policy.workers / policy.run_s[1])
        return max(least, min(LONGEST_WINDOW, soon, WINDOW_BYTES // (3 * frame.width * frame.height)))

    @property
    def policy(self) -> Policy:
        return self._policy

    def submit(self, frame: Frame, min_confidence: float) -> asyncio.Future[Detections]:
        """Queue a frame; the result is its detections from ``min_confidence`` on, or an `InferenceError`."""
        future: asyncio.Future[Detections] = self._loop.create_future()
        self._queue.put(Request(frame, min_confidence, future))
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
            outcomes = self._outcomes(requests)
            seconds = time.monotonic() - worker.started_at
            if worker.abandoned:
                return
            worker.requests, worker.started_at = (), None
            self._observer.batch(self.name, len(requests), seconds)
            if self._stuck:
                self._stuck = False
                self._observer.stuck(self.name, None)
            self._post(list(zip(requests, outcomes, strict=True)))

    def _post(self, done: Sequence[tuple[Request, Outcome]]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, done)
        except RuntimeError:
            # The loop closed while this batch ran: nobody waits for it any more.
            log.debug("detector %s: a result came after the end", self.name)

    def _outcomes(self, requests: Sequence[Request]) -> list[Outcome]:
        """The result of each request; a batch that fails is run again one by one."""
        try:
            return self._infer(requests)
        except DetectorError as error:
            if len(requests) == 1:
                return [error]
        except Exception as error:  # whatever one frame does, its thread serves the next
            if len(requests) == 1:
                log.exception("detector %s: camera %s", self.name, requests[0].frame.camera)
                return [InferenceError(f"detector {self.name}: {error}")]
        return [outcome for request in requests for outcome in self._outcomes([request])]

    def _infer(self, requests: Sequence[Request]) -> list[Outcome]:
        prepared = [self.detector.prepare(request.frame.pixels) for request in requests]
        lowest = min(request.min_confidence for request in requests)
        results = self.detector.infer(prepared, Limits(lowest, self._config.iou, self._config.multi_label))
        return [
            found if request.min_confidence <= lowest else _confident(found, request.min_confidence)
            for request, found in zip(requests, results, strict=True)
        ]

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
            _resolve([(request, InferenceError(reason)) for request in worker.requests])
        self._queue.wake()

    async def _rebuild(self, reason: str, limit_s: float) -> None:
        with anyio.move_on_after(limit_s + STUCK_MIN_S) as scope:
            await anyio.to_thread.run_sync(self.detector.rebuild, abandon_on_cancel=True)
        if scope.cancelled_caught:
            raise DetectorStuck(f"{reason}, nor could a fresh session be built")


def _confident(found: Detections, min_confidence: float) -> Detections:
    confidence = np.zeros(0) if found.confidence is None else found.confidence
    return cast("Detections", found[confidence >= min_confidence])


def _resolve(done: Sequence[tuple[Request, Outcome]]) -> None:
    for request, outcome in done:
        if request.future.done():
            continue
        if isinstance(outcome, DetectorError):
            request.future.set_exception(outcome)
        else:
            request.future.set_result(outcome)
