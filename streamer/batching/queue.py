"""Requests that wait for a thread, and the batches that threads take of them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from streamer.batching.request import Waiting

Job = TypeVar("Job", bound="Waiting")


@dataclass(slots=True, eq=False)
class Worker(Generic[Job]):
    """What the watchdog sees of one thread: the batch it runs, and since when."""

    requests: Sequence[Job] = ()
    started_at: float | None = None
    abandoned: bool = False


class Queue(Generic[Job]):
    """Requests waiting for a thread; the first one of a batch starts its clock.

    Its bound is the number of frames that the pipelines have in flight, times their crops: each of them
    waits for its result before it submits more than its window.
    """

    def __init__(self, max_batch: int, max_wait_s: float) -> None:
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def resize(self, max_batch: int) -> None:
        """Let batches be of up to so many from now on."""
        self._max_batch = max_batch

    def put(self, requests: Sequence[Job]) -> None:
        """Let the crops of a frame wait side by side, so that one batch can take them."""
        with self._changed:
            self._waiting.extend(requests)
            self._changed.notify(len(requests))

    def close(self) -> None:
        """Let every `take` return; what still waits is handed out first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Let workers that were abandoned while they waited see it; else one could swallow a frame's call."""
        with self._changed:
            self._changed.notify_all()

    def take(self, worker: Worker[Job]) -> list[Job]:
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

    def _first(self, worker: Worker[Job]) -> list[Job]:
        batch: list[Job] = []
        while not batch and not worker.abandoned:
            if self._waiting:
                self._move(batch)
            elif self._closed:
                break
            else:
                self._changed.wait()
        return batch

    def _move(self, batch: list[Job]) -> None:
        request = self._waiting.popleft()
        # A caller that was cancelled while it waited wants no result, nor one whose other crop failed.
        if not request.future.done():
            batch.append(request)
