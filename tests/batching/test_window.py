"""Frames of a file in flight: enough for every thread, more where they are small and done soon."""

from datetime import UTC, datetime

import anyio
import numpy as np
import pytest

from detectors.detector import Policy
from detectors.pixels import BgrPixels
from streamer.batching.batcher import LONGEST_WINDOW, WINDOW_BYTES, Batcher
from streamer.config.tree import DetectorConfig
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from tests.batching.test_batching import Counting

pytestmark = pytest.mark.anyio


class Timed(Counting):
    """An engine whose runs take a given time."""

    def __init__(self, workers: int, buckets: tuple[int, ...], run_s: float) -> None:
        super().__init__(workers, buckets)
        self._policy = Policy(workers, buckets, "cpu", dict.fromkeys(buckets, run_s))


async def window(engine: Timed, width: int = 640, height: int = 360) -> int:
    batcher = Batcher("default", engine, DetectorConfig(), Metrics(Status([])))
    image = np.zeros((height, width, 3), np.uint8)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        frames = batcher.window(Frame("a", 0, 0, datetime.now(UTC), 0.0, BgrPixels(image)))
        tasks.cancel_scope.cancel()
    return frames


async def test_small_frames_that_are_done_soon_come_in_long_bursts() -> None:
    assert await window(Timed(2, (1,), 0.008)) == LONGEST_WINDOW


async def test_a_slow_model_keeps_nobody_waiting_for_a_burst() -> None:
    assert await window(Timed(2, (1,), 0.040)) == 10
    assert await window(Timed(2, (1,), 0.500)) == 4


async def test_large_frames_do_not_fill_the_memory() -> None:
    frames = await window(Timed(2, (1,), 0.008), 7680, 4320)
    assert frames == 4
    frames = await window(Timed(2, (1,), 0.008), 3840, 2160)
    assert 4 < frames * 3840 * 2160 * 3 <= WINDOW_BYTES


async def test_every_thread_and_every_batch_has_its_frames() -> None:
    assert await window(Timed(16, (1,), 0.5)) == 32
    assert await window(Timed(2, (1, 2, 4, 8, 16), 0.008)) == 64
