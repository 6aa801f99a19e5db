"""Frames that are looked at in several regions: one result each, whatever becomes of their crops."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Barrier, Event

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervision import Detections

from detectors.detections import from_arrays
from detectors.detector import Prepared
from detectors.errors import InferenceError
from detectors.pixels import Pixels
from detectors.regions import WHOLE, Shares, tiles
from detectors.session import Limits
from streamer.batching.batcher import Batcher
from streamer.config.tree import DetectorConfig
from streamer.frame import Frame
from tests.batching.test_batching import Counting, Watcher, batcher_of, frame

pytestmark = pytest.mark.anyio

QUARTERS: Sequence[Shares] = ((0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1))
POLICIES = [(3, (1,)), (1, (1, 2, 4, 8))]


class Spots(Counting):
    """Finds every bright pixel as a box of 4 by 4 pixels; 255 and 254 are what they are to `Counting`."""

    def infer(self, prepared: list[Prepared], limits: Limits) -> list[Detections]:
        super().infer(
            [Prepared(one.image.max((0, 1))[None, None], one.letterbox) for one in prepared], limits
        )
        return [self._spots(one.image[..., 0]) for one in prepared]

    def _spots(self, image: np.ndarray) -> Detections:
        y, x = np.nonzero(image)
        boxes = np.stack([x - 2, y - 2, x + 2, y + 2], axis=1).astype(np.float32)
        return from_arrays(
            boxes, np.full(len(x), 0.9, np.float32), np.zeros(len(x), np.int64), np.array(["a"])
        )


def spotted(*spots: tuple[int, int], value: int = 9) -> Frame:
    """A frame of 80x80 pixels with bright pixels at x, y."""
    picture = frame(0, size=80)
    for x, y in spots:
        picture.image[y, x] = value
    return picture


CENTRES = ((20, 20), (60, 20), (20, 60), (60, 60))
"""One in each quarter, none near an edge."""


def corners(found: Detections) -> list[tuple[float, float]]:
    return sorted((float(x) + 2, float(y) + 2) for x, y in found.xyxy[:, :2])


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_frame_has_one_result_in_its_own_pixels(policy: tuple[int, tuple[int, ...]]) -> None:
    watcher = Watcher()
    batcher = batcher_of(Spots(*policy), watcher)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        futures = [batcher.submit(spotted(*CENTRES[:n]), 0.5, QUARTERS) for n in (4, 0, 1, 2)]
        results = [corners(await future) for future in futures]
        tasks.cancel_scope.cancel()
    assert results == [sorted(CENTRES[:n]) for n in (4, 0, 1, 2)]
    # Each crop is a picture to the detector.
    assert sum(watcher.batches) == 16


async def test_the_crops_of_a_frame_share_a_batch() -> None:
    watcher = Watcher()
    batcher = batcher_of(Spots(1, (1, 2, 4)), watcher)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        await batcher.submit(spotted(), 0.5, QUARTERS)
        tasks.cancel_scope.cancel()
    assert watcher.batches == [4]


async def test_the_crops_of_a_frame_spread_over_the_workers() -> None:
    class Together(Spots):
        """No run returns before three are under way."""

        running = Barrier(3, timeout=10)

        def infer(self, prepared: list[Prepared], limits: Limits) -> list[Detections]:
            self.running.wait()
            return super().infer(prepared, limits)

    batcher = batcher_of(Together(3, (1,)), Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        await anyio.sleep(0.05)  # the workers wait
        assert corners(await batcher.submit(spotted(*CENTRES), 0.5, QUARTERS[:3])) == sorted(CENTRES[:3])
        tasks.cancel_scope.cancel()


async def test_the_whole_frame_as_its_region_is_not_cut_nor_copied() -> None:
    class Looking(Counting):
        seen: Pixels

        def prepare(self, picture: Pixels) -> Prepared:
            self.seen = picture
            return super().prepare(picture)

    engine, picture = Looking(1, (1,)), frame(3)
    batcher = batcher_of(engine, Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        assert len(await batcher.submit(picture, 0.0, WHOLE)) == 3
        tasks.cancel_scope.cancel()
    assert engine.seen is picture.pixels


@pytest.mark.parametrize("poison", [Counting.POISON, Counting.BUG])
@pytest.mark.parametrize("policy", POLICIES)
async def test_a_crop_that_fails_fails_its_frame_alone(
    policy: tuple[int, tuple[int, ...]], poison: int
) -> None:
    batcher = batcher_of(Spots(*policy), Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        frames = [spotted(*CENTRES), spotted(CENTRES[2], value=poison), spotted(CENTRES[1])]
        futures = [batcher.submit(each, 0.5, QUARTERS) for each in frames]
        first, second, third = await asyncio.gather(*futures, return_exceptions=True)
        tasks.cancel_scope.cancel()
    assert isinstance(second, InferenceError)
    assert isinstance(first, Detections)
    assert isinstance(third, Detections)
    assert (len(first), len(third)) == (4, 1)


async def test_what_waits_of_a_frame_that_nobody_wants_any_more_is_not_run() -> None:
    class Held(Spots):
        """Lets a run return when it is told to."""

        running, released = Event(), Event()

        def infer(self, prepared: list[Prepared], limits: Limits) -> list[Detections]:
            self.running.set()
            assert self.released.wait(10)
            return super().infer(prepared, limits)

    watcher, engine = Watcher(), Held(1, (1,))
    batcher = batcher_of(engine, watcher)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        future = batcher.submit(spotted(*CENTRES), 0.5, QUARTERS)
        await anyio.to_thread.run_sync(engine.running.wait)
        future.cancel()
        engine.released.set()
        assert corners(await batcher.submit(spotted(CENTRES[3]), 0.5)) == [CENTRES[3]]
        tasks.cancel_scope.cancel()
    assert sum(watcher.batches) == 2, "the crop that was running, and the next frame"


@settings(max_examples=25, deadline=None)
@given(
    frames=st.lists(
        st.tuples(
            st.integers(0, 4), st.booleans(), st.booleans(), st.integers(0, 3), st.sampled_from([1, 2, 3])
        ),
        min_size=1,
        max_size=15,
    ),
    policy=st.sampled_from([(2, (1,)), (1, (1, 2, 4))]),
)
def test_every_frame_is_resolved_once_when_callers_give_up_and_crops_fail(
    frames: list[tuple[int, bool, bool, int, int]], policy: tuple[int, tuple[int, ...]]
) -> None:
    async def submit_and_give_up() -> None:
        batcher = batcher_of(Spots(*policy), Watcher())
        wrong: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
        resolved: dict[int, int] = {}
        async with anyio.create_task_group() as tasks:
            await tasks.start(batcher.run)
            futures = []
            for number, (objects, gives_up, fails, pause_ms, columns) in enumerate(frames):
                picture = spotted(*CENTRES[:objects], value=Counting.POISON if fails else 9)
                regions = tiles(columns, columns, 0.2) if columns > 1 else WHOLE
                future = batcher.submit(picture, 0.5, regions)
                future.add_done_callback(lambda _, n=number: resolved.update({n: resolved.get(n, 0) + 1}))
                futures.append(future)
                await anyio.sleep(pause_ms / 5000)
                if gives_up:
                    future.cancel()
            with anyio.fail_after(60):
                outcomes = await asyncio.gather(*futures, return_exceptions=True)
            tasks.cancel_scope.cancel()
        assert not wrong, "such as a future that was to be resolved again"
        assert resolved == dict.fromkeys(range(len(frames)), 1)
        for outcome, (objects, gives_up, fails, *_) in zip(outcomes, frames, strict=True):
            if isinstance(outcome, Detections):
                assert len(outcome) == objects
                assert not (fails and objects)
            else:
                assert gives_up if isinstance(outcome, asyncio.CancelledError) else (fails and objects)

    anyio.run(submit_and_give_up)


@pytest.mark.parametrize(("crops", "frames"), [(1, 24), (2, 24), (7, 7), (65, 2)])
async def test_frames_in_several_crops_are_fewer_in_flight(crops: int, frames: int) -> None:
    engine = Counting(2, (1,))
    engine._policy.run_s[1] = 0.008
    batcher = Batcher("default", engine, DetectorConfig(), Watcher())
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        assert batcher.window(frame(0), crops=crops) == frames
        tasks.cancel_scope.cancel()
