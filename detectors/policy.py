"""How a detector is best driven on this machine, found by measuring."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.session import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from detectors.session import Session, SessionOptions

CPU_MAX: Final = Path("/sys/fs/cgroup/cpu.max")
BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64)
TRIAL_S: Final = 0.1
"""Seconds that one number of workers is tried; with two or three numbers a start stays under 0.5 s."""
ALIKE: Final = 0.85
"""Share of the best throughput that counts as equal: an idle worker costs nothing, a missing one does."""
GPU_WORKERS: Final = 2
"""One run computes while the other uploads."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a detector is best driven.

    Attributes:
        workers: calls of ``infer`` that should run at the same time.
        buckets: batch sizes that are warm, ascending; a batch is filled up to the next one.
        provider: where it runs: cpu, cuda or tensorrt.
        run_s: seconds of one run alone, by batch size.
        pictures_per_s: throughput by number of workers if the machine does nothing else, as far as tried.
        passed_over: why a better provider does not run it, empty if none is better.
    """

    workers: int
    buckets: tuple[int, ...]
    provider: str
    run_s: Mapping[int, float]
    pictures_per_s: Mapping[int, float] = field(default_factory=dict)
    passed_over: str = ""

    def __str__(self) -> str:
        smallest = self.buckets[0]
        batch = f"batches of up to {self.buckets[-1]}" if len(self.buckets) > 1 else "one picture a run"
        timed = f", {1000 * self.run_s[smallest]:.1f} ms" if smallest in self.run_s else ""
        return f"{self.provider}, {self.workers} worker{'s' if self.workers != 1 else ''}, {batch}{timed}"


def cores() -> int:
    """CPU cores this process may use, in whole ones of a container's share too."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CPU_MAX.read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no control groups of version 2, or no limit ("max")
        return allowed


def unmeasured(session: Session, options: SessionOptions) -> Policy:
    """The policy before anything ran: batch 1, a worker for each core."""
    workers = options.workers or (cores() if session.provider == "cpu" else GPU_WORKERS)
    return Policy(workers, (1,), session.provider, {}, passed_over=session.passed_over)


def measured(
    session: Session,
    size: tuple[int, int],
    options: SessionOptions,
    *,
    quick: bool,
    run: Callable[[NDArray[np.uint8]], object] | None = None,
) -> Policy:
    """Warm a session up and find how it is best driven.

    On a CPU a batch gains nothing, workers do: the number that gives most pictures a second is tried out.
    On a GPU every bucket is warmed, for the first run of each shape is slow.

    Args:
        session: to warm up.
        size: height and width of its pictures.
        options: of the user; a number of workers given is taken.
        quick: only warm up and time one run.
        run: what a run is, of pictures uint8 [n,height,width,3]; a detection unless given.
    """
    start = unmeasured(session, options)
    run = run or (lambda pictures: session.run(pictures, Limits()))
    buckets: tuple[int, ...] = (1,)
    if session.provider != "cpu" and session.any_batch:
        buckets = tuple(bucket for bucket in BUCKETS if bucket <= options.max_batch)
    run_s = {bucket: _time(run, _pictures(bucket, size), runs=1 if quick else 3) for bucket in buckets}
    tried: dict[int, float] = {}
    if not quick and options.workers is None and session.provider == "cpu":
        picture = _pictures(1, size)
        tried = _throughput(lambda: run(picture), run_s[1])
    best = max(tried.values(), default=0.0)
    workers = max((count for count, rate in tried.items() if rate >= ALIKE * best), default=start.workers)
    return Policy(workers, buckets, session.provider, run_s, tried, session.passed_over)


def _pictures(count: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    # Noise from a fixed seed: a constant picture is unusually quick for quantised models.
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    return np.repeat(noise[None], count, axis=0)


def _time(run: Callable[[NDArray[np.uint8]], object], pictures: NDArray[np.uint8], runs: int) -> float:
    """Median seconds of a warm run."""
    run(pictures)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        run(pictures)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _throughput(run: Callable[[], object], alone_s: float) -> dict[int, float]:
    """Runs a second by number of workers; empty when one run takes too long to try, or there is no choice."""
    counts = sorted({1, -(-cores() // 2), cores()})
    if alone_s > TRIAL_S or len(counts) == 1:
        return {}
    return {count: _rate(run, count) for count in counts}


def _rate(run: Callable[[], object], workers: int) -> float:
    """Runs a second of so many workers together, on a machine that does nothing else.

    Counted in CPU time, which rises when workers slow each other down (caches, memory, shared cores), but not
    when another program takes the machine just now. A run keeps to the thread that calls it.
    """

    def work(until: float) -> tuple[int, float]:
        started = time.thread_time()
        done = 0
        while not done or time.perf_counter() < until:
            run()
            done += 1
        return done, time.thread_time() - started

    with ThreadPoolExecutor(workers) as pool:
        shares = list(pool.map(work, [time.perf_counter() + TRIAL_S] * workers))
    return workers * sum(done for done, _ in shares) / sum(cpu_s for _, cpu_s in shares)
