"""A camera is watched while it runs: what it is told, what it tells, and what it leaves alone."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import anyio
import numpy as np
import pytest

from streamer.capture.state import SourceState
from streamer.config.tree import StateConfig
from streamer.event import CameraEvent
from streamer.frame import Frame
from streamer.health.verdict import Verdict
from streamer.health.watch import CameraWatch, Watched
from streamer.metrics.metrics import Metrics
from streamer.status import Status

pytestmark = pytest.mark.anyio


class Dark:
    """Black pictures; it remembers from which threads they were looked at."""

    width, height = 320, 180

    def __init__(self) -> None:
        self.threads: list[int] = []

    def bgr(self) -> np.ndarray:
        return np.zeros((self.height, self.width, 3), np.uint8)

    def scale_into(self, target: np.ndarray) -> None:
        self.threads.append(threading.get_ident())
        target[:] = 0


class Told:
    """Where events go."""

    def __init__(self) -> None:
        self.events: list[CameraEvent] = []
        self.came = anyio.Event()

    async def conclude(self, camera: str, happenings: Sequence[CameraEvent]) -> None:
        self.events += happenings
        self.came.set()


class Film:
    """A source of frames whose clock runs ten times as fast as ours."""

    name = "yard"

    def __init__(self, pixels: Dark, seconds: float) -> None:
        self._pixels = pixels
        self._seconds = seconds

    async def frames(self) -> AsyncIterator[Frame]:
        began = time.monotonic()
        for n in range(round(self._seconds * 10)):
            yield Frame("yard", n, 9000 * n, datetime.now(UTC), began + n / 10, self._pixels)
            await anyio.sleep(0.01)


def live() -> SourceState:
    return SourceState("live", None, datetime.now(UTC))


async def watched(config: StateConfig, seconds: float) -> tuple[Dark, Metrics, Told]:
    """A black film with somebody looking on; every frame of it comes through."""
    metrics, told, pixels = Metrics(Status([]), ["yard"]), Told(), Dark()
    watch = CameraWatch("yard", config, metrics)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run, told)
        watch.changed("yard", live())
        frames = [frame.sequence async for frame in Watched(Film(pixels, seconds), watch).frames()]
        await anyio.sleep(0.3)
        tasks.cancel_scope.cancel()
    assert frames == list(range(round(seconds * 10)))
    return pixels, metrics, told


async def test_one_picture_a_second_is_looked_at_and_never_on_the_event_loop():
    pixels, metrics, _ = await watched(StateConfig(), seconds=8)
    # It wakes four times a second of ours, in which ten of the film pass.
    assert 2 <= len(pixels.threads) <= 8
    assert threading.get_ident() not in pixels.threads
    assert metrics.snapshot("yard").picture == "fine"


async def test_who_does_not_want_it_pays_nothing():
    pixels, metrics, _ = await watched(StateConfig(picture=False), seconds=8)
    assert pixels.threads == []
    assert metrics.snapshot("yard").picture is None


async def test_states_from_any_thread_are_told_with_their_times():
    metrics, told = Metrics(Status([]), ["yard"]), Told()
    watch = CameraWatch("yard", StateConfig(hold="0.1s"), metrics)
    down = SourceState("down", "no answer", datetime.now(UTC))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run, told)
        thread = threading.Thread(target=watch.changed, args=("yard", down))
        thread.start()
        thread.join()
        assert metrics.snapshot("yard").state == "down"
        with anyio.fail_after(60):
            await told.came.wait()
        tasks.cancel_scope.cancel()
    assert told.events == [CameraEvent("yard", "down", "no answer", down.since)]


async def test_counts_go_straight_to_who_counts():
    metrics = Metrics(Status([]), ["yard"])
    watch = CameraWatch("yard", StateConfig(), metrics)
    watch.received("yard")
    watch.dropped("yard", "busy")
    watch.changed("yard", live())
    assert metrics.snapshot("yard").received == 1
    assert metrics.snapshot("yard").dropped == {"busy": 1}
    metrics.looked("yard", Verdict("fine", None, datetime.now(UTC)))
    assert metrics.snapshot("yard").picture == "fine"
