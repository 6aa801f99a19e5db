"""What our own contestants share: a detector with its queue, and a sink that only counts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from detectors.detector import SessionOptions, load
from streamer.batching.batcher import Batcher
from streamer.config.tree import DetectorConfig

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.metrics.metrics import Metrics
    from streamer.tracking.tracks import Tracks

PROVIDER: Final = "cpu"
"""The limit is one of CPU seconds, and so is everything beside it."""

MIN_CONFIDENCE: Final = 0.25
"""What the loop by hand reports from, too."""


@asynccontextmanager
async def served(model: str, metrics: Metrics) -> AsyncIterator[Batcher]:
    """A detector, warmed up and with its workers, until the block is left."""
    detector = load(model, SessionOptions(PROVIDER))
    async with anyio.create_task_group() as tasks:
        batcher = Batcher("default", detector, DetectorConfig(model=model, provider=PROVIDER), metrics)
        await tasks.start(batcher.run)
        yield batcher
        tasks.cancel_scope.cancel()


class Tally:
    """A publisher that keeps when each result of each camera came, and how old it was."""

    def __init__(self, wanted: int = 0) -> None:
        """
        Args:
            wanted: sets ``reached`` with so many results, and takes no more.
        """
        self.reached = anyio.Event()
        self.results: dict[str, int] = {}
        self.latencies_s: list[float] = []
        self._wanted = wanted

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self.results[frame.camera] = self.results.get(frame.camera, 0) + 1
        self.latencies_s.append(time.monotonic() - frame.decoded_at)
        if len(self.latencies_s) == self._wanted:
            self.reached.set()
            # Results that came together would all be in before whoever waits sees the one that was wanted.
            await anyio.sleep_forever()

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """Events that end without a frame are no results."""

    def clear(self) -> None:
        """What came so far was only the warming up."""
        self.results.clear()
        self.latencies_s.clear()
