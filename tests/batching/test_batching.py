"""The queue in front of a detector: every frame is resolved exactly once, whatever happens."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervision import Detections

from detectors.detections import from_arrays
from detectors.detector import Policy, Prepared
from detectors.errors import InferenceError
from detectors.letterbox import Letterbox
from detectors.manifest import ModelManifest
from detectors.pixels import BgrPixels, Pixels
from detectors.session import Limits
from streamer.batching.batcher import Batcher
from streamer.config.tree import DetectorConfig
from streamer.frame import Frame
from tests.batching.hanging import write_hanging_model

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.anyio


class Watcher:
    """Notes what the queue tells."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.reasons: list[str | None] = []

    def queue_depth(self, detector: str, frames: int) -> None:
        assert frames >= 0

    def batch(self, detector: str, frames: int, seconds: float) -> None:
        self.batches.append(frames)

    def stuck(self, part: str, reason: str | None) -> None:
        self.reasons.append(reason)


class Counting:
    """An engine on plain Python: finds as many objects as the picture's first pixel says.

    A picture that begins with ``POISON`` fails its whole batch, one with ``BUG`` raises what no engine may.
    """

    POISON, BUG = 255, 254

    def __init__(self, workers: int, buckets: tuple[int, ...]) -> None:
        self.manifest = ModelManifest.model_construct(name="counting")
        self._policy = Policy(workers, buckets, "cpu", dict.fromkeys(buckets, 0.001))

    def warm_up(self, *, quick: bool = False) -> Policy:
        return self._policy

    def prepare(self, picture: Pixels) -> Prepared:
        return Prepared(picture.bgr(), Letterbox(1, 1, 0, 0, picture.width, picture.height))

    def infer(self, prepared: list[Prepared], limits: Limits) -> list[Detections]:
        counts = [int(one.image[0, 0, 0]) for one in prepared]
        time.sleep(0.0005)
        if self.POISON in counts:
            raise InferenceError("poisoned")
        if self.BUG in counts:
            raise KeyError("a bug")
        names = np.array(["thing"])
        return [
            from_arrays(
                np.tile(np.array([[0, 0, 9, 9]], np.float32), (n, 1)),
                np.linspace(0.9, 0.1, n, dtype=np.float32),
                np.zeros(n, np.int64),
                names,
            )
            for n in counts
        ]

    def rebuild(self) -> None:
        raise AssertionError("nothing hangs here")


def frame(first_pixel: int, camera: str = "a", size: int = 4) -> Frame:
    image = np.zeros((size, size, 3), np.uint8)
    image[0, 0] = first_pixel
    return Frame(camera, 0, 0, datetime.now(UTC), time.monotonic(), BgrPixels(image))


def batcher_of(engine: Counting, watcher: Watcher) -> Batcher:
    return Batcher("default", engine, DetectorConfig(max_wait_ms=2), watcher)


@pytest.mark.parametrize("policy", [(3, (1,)), (1, (1, 2, 4, 8))])
async def test_each_frame_gets_its_own_result(policy: tuple[int, tuple[int, ...]]) -> None:
    watcher = Watcher()
    batcher = batcher_of(Counting(*policy), watcher)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        futures = [batcher.submit(frame(n % 7), 0.0) for n in range(60)]
        assert [len(await future) for future in futures] == [n % 7 for n in range(60)]
        tasks.cancel_scope.cancel()
    assert sum(watcher.batches) == 60
    assert max(watcher.batches) == max(policy[1])


async def test_each_frame_gets_what_its_camera_asked_for() -> None:
    batcher = batcher_of(Counting(1, (1, 2, 4)), Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        loose, strict = batcher.submit(frame(5), 0.05), batcher.submit(frame(5), 0.6)
        assert (len(await loose), len(await strict)) == (5, 2)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("poison", [Counting.POISON, Counting.BUG])
async def test_a_poisoned_frame_fails_alone(poison: int) -> None:
    batcher = batcher_of(Counting(1, (1, 2, 4, 8)), Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        futures = [batcher.submit(frame(poison if n == 3 else n), 0.0) for n in range(8)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        assert isinstance(outcomes.pop(3), InferenceError)
        assert [len(outcome) for outcome in outcomes] == [0, 1, 2, 4, 5, 6, 7]
        assert len(await batcher.submit(frame(2), 0.0)) == 2
        tasks.cancel_scope.cancel()


@settings(max_examples=25, deadline=None)
@given(
    frames=st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40),
    policy=st.sampled_from([(2, (1,)), (1, (1, 2, 4))]),
)
def test_no_frame_is_lost_nor_answered_twice_when_callers_give_up(
    frames: list[tuple[int, bool, int]], policy: tuple[int, tuple[int, ...]]
) -> None:
    async def submit_and_give_up() -> None:
        batcher = batcher_of(Counting(*policy), Watcher())
        async with anyio.create_task_group() as tasks:
            await tasks.start(batcher.run)
            futures = []
            for objects, gives_up, pause_ms in frames:
                futures.append((batcher.submit(frame(objects), 0.0), objects, gives_up))
                await anyio.sleep(pause_ms / 5000)
                if gives_up:
                    futures[-1][0].cancel()
            with anyio.fail_after(60):
                for future, objects, gives_up in futures:
                    if gives_up and future.cancelled():
                        continue
                    assert len(await future) == objects
            tasks.cancel_scope.cancel()

    anyio.run(submit_and_give_up)


def test_a_run_that_never_returns_is_replaced_once_and_then_ends_the_process(tmp_path: Path) -> None:
    # In a process of its own: a thread that hangs in native code cannot be ended otherwise.
    model = write_hanging_model(tmp_path / "hanging.onnx")
    command = [sys.executable, "-m", "tests.batching.hang", model]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    stuck = "detector default: a run of hanging did not return in 5 s"
    assert done.stdout.splitlines() == [
        "black: 0 objects",
        f"white: {stuck}",
        "black again: 0 objects",
        "ready again",
        f"ended: {stuck}, nor did one before with another session",
    ], done.stderr
