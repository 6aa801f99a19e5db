"""Which picture of an event is kept: the one at hand at once, the larger one as soon as it is there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_watching import until

from detectors.detections import from_arrays
from detectors.pixels import BgrPixels
from streamer.capture.broadcast import PacketBroadcast
from streamer.capture.mainstream import MainStream, Need
from streamer.capture.pairing import NEAR_S, apart_s, mapped
from streamer.capture.playback import Plan
from streamer.capture.reader import Picture
from streamer.config.tree import StorageConfig
from streamer.event import Event, snapshot_path
from streamer.frame import Clock, Frame
from streamer.metrics.metrics import Metrics
from streamer.publish.snapshots import MainSnapshots
from streamer.publish.store import StoreSink
from streamer.status import Status
from streamer.storage.snapshots import Snapshot
from streamer.storage.store import EventStore
from streamer.tracking.tracks import Tracks

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, tzinfo=UTC)
LABELS = np.array(["person"])
PATH = snapshot_path("gate", START, "e1")


def frame(at_s: float, size: tuple[int, int] = (64, 48), clock: Clock = "camera") -> Frame:
    image = np.full((size[1], size[0], 3), 100, np.uint8)
    return Frame("gate", 0, 0, START + timedelta(seconds=at_s), time.monotonic(), BgrPixels(image), clock)


def event(phase: str = "start", box: tuple[float, ...] = (8, 8, 24, 40), confidence: float = 0.8) -> Event:
    ended_at = START + timedelta(seconds=9) if phase == "end" else None
    return Event("e1", "gate", phase, "person", 3, confidence, box, START, ended_at, PATH)  # type: ignore[arg-type]


def tracks(*boxes: tuple[float, ...], confidence: float = 0.8, first: int = 3) -> Tracks:
    count = len(boxes)
    found = from_arrays(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, confidence, np.float32),
        np.zeros(count, int),
        LABELS,
    )
    return Tracks(0.0, replace(found, tracker_id=np.arange(first, first + count)), ())


class Bench:
    """A store, and the larger stream of one camera into which a test puts pictures."""

    def __init__(self, data: Path) -> None:
        self.data = data
        plan = Plan("gate", "nowhere", lambda: pytest.fail("nothing is opened here"))
        self.metrics = Metrics(Status([]))
        self.main = MainStream(plan, self.metrics, PacketBroadcast())
        self.store = EventStore(data, StorageConfig(days=100_000))
        self.mains = MainSnapshots(self.main, self.store, self.metrics)
        self.sink = StoreSink(self.store, self.metrics, {"gate": self.mains})

    def shows(self, at_s: float, size: tuple[int, int] = (128, 96), clock: Clock = "camera") -> None:
        """The larger stream has a picture of that moment."""
        image = np.full((size[1], size[0], 3), 200, np.uint8)
        at, pixels = START + timedelta(seconds=at_s), BgrPixels(image)
        taken = Frame("gate", 0, 0, at, time.monotonic(), pixels, clock)
        self.main.pictures.put(taken, wait_until=None)

    async def until_kept(self, stream: str) -> Snapshot:
        await until(lambda: (kept := self.kept()) is not None and kept.stream == stream)
        kept = self.kept()
        assert kept is not None
        return kept

    def kept(self) -> Snapshot | None:
        try:
            return Snapshot.model_validate_json((self.data / f"{PATH}.json").read_text())
        except FileNotFoundError:
            return None


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(Bench(tmp_path)) as made:
        yield made


@asynccontextmanager
async def running(made: Bench) -> AsyncIterator[Bench]:
    async with anyio.create_task_group() as tasks:
        await tasks.start(made.store.run)
        tasks.start_soon(made.mains.run)
        yield made
        tasks.cancel_scope.cancel()


async def test_the_larger_picture_of_the_moment_is_kept(bench: Bench) -> None:
    bench.shows(0.96)
    bench.shows(1.02)
    bench.shows(1.06)
    await bench.sink.publish(frame(1.0), tracks(), [event()])
    kept = await bench.until_kept("main")
    assert kept.captured_at == START + timedelta(seconds=1.02)
    assert (kept.width, kept.height) == (128, 96)
    assert kept.box == (16, 16, 48, 80)
    assert kept.crop == (16, 16, 48, 80)
    assert cv2.imread(str(bench.data / f"{PATH}.crop.jpg")).shape == (64, 32, 3)
    assert abs(int(cv2.imread(str(bench.data / f"{PATH}.jpg"))[0, 0, 0]) - 200) < 4
    (stored,) = (await bench.store.events()).items
    assert stored.box == (8, 8, 24, 40)


async def test_without_one_near_enough_the_smaller_picture_stays(bench: Bench) -> None:
    bench.shows(1.0 + NEAR_S + 0.02)
    await bench.sink.publish(frame(1.0), tracks(), [event()])
    kept = await bench.until_kept("sub")
    await anyio.sleep(0.1)
    assert bench.kept() == kept
    assert (kept.width, kept.height, kept.box) == (64, 48, (8, 8, 24, 40))


async def test_the_smaller_picture_serves_until_the_larger_stream_is_there(bench: Bench) -> None:
    await bench.sink.publish(frame(1.0), tracks(), [event()])
    await bench.until_kept("sub")
    await bench.sink.publish(frame(1.2), tracks((9, 8, 25, 40)), [])
    bench.shows(1.4)
    # Another object is seen in this frame, not the event's.
    await bench.sink.publish(frame(1.4), tracks((9, 8, 25, 40), first=7), [])
    bench.shows(1.6)
    await bench.sink.publish(frame(1.6), tracks((10, 8, 26, 40)), [])
    kept = await bench.until_kept("main")
    assert kept.captured_at == START + timedelta(seconds=1.6)
    assert kept.box == (20, 16, 52, 80)
    assert kept.confidence == 0.8
    assert (
        bench.metrics.exposition().count(b'sightline_snapshots_total{camera="gate",stream="main"} 1.0') == 1
    )


async def test_a_better_small_picture_takes_no_larger_ones_place(bench: Bench) -> None:
    bench.shows(1.0)
    await bench.sink.publish(frame(1.0), tracks(), [event()])
    kept = await bench.until_kept("main")
    # A third better by its side, where the larger one has twice the pixels.
    await bench.sink.publish(frame(2.0), tracks(), [event("update", (8, 4, 29, 46))])
    await anyio.sleep(0.1)
    assert bench.kept() == kept
    (stored,) = (await bench.store.events()).items
    assert stored.box == (8, 4, 29, 46)
    # More than twice as good, it does.
    await bench.sink.publish(frame(3.0), tracks(), [event("update", (4, 3, 60, 45), 0.95)])
    assert (await bench.until_kept("sub")).box == (4, 3, 60, 45)


async def test_a_larger_picture_may_come_after_the_end(bench: Bench) -> None:
    await bench.sink.publish(frame(1.0), tracks(), [event()])
    await bench.sink.conclude("gate", [event("end")])
    bench.shows(1.0)
    assert (await bench.until_kept("main")).event == "e1"
    (stored,) = (await bench.store.events()).items
    assert stored.ended_at is not None


async def test_streams_of_another_shape_are_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for second in (1.0, 2.0):
        bench.shows(second, (160, 90))
        await bench.sink.publish(frame(second), tracks(), [event("update", confidence=0.4 + second / 5)])
        await until(
            lambda at=second: (kept := bench.kept()) and kept.captured_at == START + timedelta(seconds=at)
        )
        await bench.until_kept("main")
    told = [record.getMessage() for record in caplog.records if "shape" in record.getMessage()]
    assert told == [
        "gate: main is 160x90 and sub 64x48, of another shape: boxes are mapped by shares of the picture"
    ]
    kept = bench.kept()
    assert kept is not None
    assert kept.box == (20, 15, 60, 75)


def test_times_of_two_clocks_are_compared_by_arrival() -> None:
    seen = frame(0.0)
    hour_off = Picture(0, START + timedelta(hours=1), seen.decoded_at + 0.01, lambda: seen.image, "host")
    assert apart_s(seen, hour_off) == pytest.approx(0.01)
    assert apart_s(seen, replace(hour_off, clock="camera")) == 3600


@given(
    box=st.tuples(*[st.floats(0, 1) for _ in range(4)]),
    sizes=st.tuples(*[st.integers(16, 64) for _ in range(4)]),
)
def test_a_mapped_box_covers_the_same_shares_and_back(
    box: tuple[float, ...], sizes: tuple[int, int, int, int]
) -> None:
    one, other = frame(0, sizes[:2]), frame(0, sizes[2:])
    own = (box[0] * one.width, box[1] * one.height, box[2] * one.width, box[3] * one.height)
    there = mapped(own, one, other)
    assert [there[0] / other.width, there[3] / other.height] == pytest.approx([box[0], box[3]], abs=1e-6)
    assert mapped(there, other, one) == pytest.approx(own, abs=1e-6)


@given(
    steps=st.lists(st.tuples(st.sampled_from(["until", "hold", "let go"]), st.integers(0, 30)), max_size=20),
    linger_s=st.integers(0, 20),
)
def test_a_stream_is_needed_while_it_is_held_and_a_while_after(
    steps: list[tuple[str, int]], linger_s: int
) -> None:
    need, now, held = Need(linger_s), 0, 0
    assert need.left_s(now) == 0
    for step, seconds in steps:
        now += seconds
        if step == "until":
            need.until(now + seconds)
            assert need.left_s(now) == (float("inf") if held else seconds + linger_s)
        elif step == "hold":
            need.hold()
            held += 1
        elif held:
            need.let_go(now)
            held -= 1
            assert need.left_s(now) >= linger_s
        assert (need.left_s(now) == float("inf")) == bool(held)
    if not held:
        assert need.left_s(now + 61 + linger_s) == 0
