"""Runs one model for many cameras, in threads, and sees to it that none of them hangs for ever."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Protocol, TypeVar

import anyio
from anyio.abc import TaskStatus

from detectors.errors import InferenceError
from streamer.batching.inference import Inference
from streamer.batching.queue import Job, Queue, Worker
from streamer.batching.request import resolve
from streamer.errors import DetectorStuck

if TYPE_CHECKING:
    from detectors.manifest import ModelManifest
    from detectors.policy import Policy
    from streamer.batching.request import Outcome, Waiting

log = logging.getLogger(__name__)

STUCK_FACTOR: Final = 20.0
"""A run hangs once it takes so many times as long as the slowest of the warm-up ..."""
STUCK_MIN_S: Final = 5.0
"""... and at least so long."""
WATCH_EVERY_S: Final = 1.0
END_S: Final = 2.0
"""How long runs under way may take to finish when the service stops."""


class Engine(Protocol):
    """What a runner needs of a model, whatever it does."""

    @property
    def manifest(self) -> ModelManifest: ...

    @property
    def policy(self) -> Policy: ...

    def warm_up(self, *, quick: bool = False) -> Policy: ...

    def rebuild(self) -> None: ...


AnyEngine = TypeVar("AnyEngine", bound=Engine)


class BatchObserver(Protocol):
    """What the metrics and the readiness want to know of a queue."""

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None: ...

    def stuck(self, part: str, reason: str | None) -> None: ...


class Runner(ABC, Generic[AnyEngine, Job]):
    """Runs one model for many cameras.

    On a CPU a batch is one picture and each of N threads runs the shared session; on a GPU one
    thread collects pictures for at most ``max_wait_s`` into the warmed batch sizes.

    Attributes:
        name: of the model in the configuration.
        model: that runs from the next batch on.
    """

    what: ClassVar[str]
    """What the model is, in words."""

    def __init__(
        self,
        name: str,
        model: AnyEngine,
        max_wait_s: float,
        observer: BatchObserver,
        *,
        quick: bool = False,
    ) -> None:
        """
        Args:
            name: of the model in the configuration.
            model: to run.
            max_wait_s: how long a batch may be collected.
            observer: hears of depths, runs and hangs.
            quick: warm up without trying numbers of workers; the first result comes sooner.
        """
        self.name = name
        self.model = model
        self._max_wait_s = max_wait_s
        self._observer = observer
        self._quick = quick
        self._told = f"{self.what} {name}"
        self._inference: Inference[Job] = Inference(self._told, self._infer)
        self._workers: list[Worker[Job]] = []
        self._threads: list[threading.Thread] = []
        self._rebuilt = False
        self._stuck = False

    @abstractmethod
    def _infer(self, requests: Sequence[Job]) -> Sequence[Outcome | None]:
        """What each of a batch comes to; called by several threads, ``model`` is to be read once."""

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Warm the model up, then serve until cancelled.

        Raises:
            DetectorError: the model could not be run at all.
            DetectorStuck: a run hung, and hung again with a fresh session.
        """
        policy = await anyio.to_thread.run_sync(partial(self.model.warm_up, quick=self._quick))
        self._queue: Queue[Job] = Queue(max(policy.buckets), self._max_wait_s)
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

    @property
    def policy(self) -> Policy:
        return self._policy

    def swap(self, model: AnyEngine) -> None:
        """Let another model, warm already, run from the next batch on; nothing that waits is lost.

        The number of threads stays.
        """
        self._queue.resize(max(model.policy.buckets))
        self.model, self._policy, self._rebuilt = model, model.policy, False

    @property
    def series(self) -> str:
        """What the metrics call it."""
        return self._told

    def _put(self, requests: Sequence[Job]) -> None:
        self._queue.put(requests)
        self._observer.queue_depth(self.series, len(self._queue))

    def _log(self, policy: Policy) -> None:
        log.info("%s: %s on %s", self._told, self.model.manifest.name, policy)
        for workers, rate in policy.pictures_per_s.items():
            log.info("%s: %.0f pictures/s with %d at a time", self._told, rate, workers)
        if policy.passed_over:
            log.info("%s: %s", self._told, policy.passed_over)

    def _start_workers(self) -> None:
        self._workers = [Worker[Job]() for _ in range(self._policy.workers)]
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

    def _work(self, worker: Worker[Job]) -> None:
        while requests := self._queue.take(worker):
            worker.requests, worker.started_at = requests, time.monotonic()
            outcomes = self._inference.outcomes(requests)
            seconds = time.monotonic() - worker.started_at
            if worker.abandoned:
                return
            worker.requests, worker.started_at = (), None
            self._observer.batch(self.series, len(requests), seconds)
            if self._stuck:
                self._stuck = False
                self._observer.stuck(self._told, None)
            done = zip(requests, outcomes, strict=True)
            self._post([(request, outcome) for request, outcome in done if outcome is not None])

    def _post(self, done: Sequence[tuple[Waiting, Outcome]]) -> None:
        try:
            self._loop.call_soon_threadsafe(resolve, done)
        except RuntimeError:
            # The loop closed while this batch ran: nobody waits for it any more.
            log.debug("%s: a result came after the end", self._told)

    async def _watch(self, now: float) -> None:
        limit_s = max(STUCK_MIN_S, STUCK_FACTOR * max(self._policy.run_s.values()))
        since = [worker.started_at for worker in self._workers if worker.started_at is not None]
        if not since or now - min(since) < limit_s:
            return
        hang = f"a run of {self.model.manifest.name} did not return in {limit_s:.0f} s"
        reason = f"{self._told}: {hang}"
        # Until a run returns again; a fresh session alone does not mean that it will.
        self._stuck = True
        self._observer.stuck(self._told, hang)
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
            await anyio.to_thread.run_sync(self.model.rebuild, abandon_on_cancel=True)
        if scope.cancelled_caught:
            raise DetectorStuck(f"{reason}, nor could a fresh session be built")
