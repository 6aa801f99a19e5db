"""The loop of one camera: order, filters, failures, silence and the end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import anyio
import numpy as np
import pytest
from supervision import Detections

from detectors.detections import CLASS_NAME, from_arrays
from detectors.detector import Policy, Prepared
from detectors.errors import InferenceError
from detectors.letterbox import Letterbox
from detectors.manifest import ModelManifest
from detectors.pixels import BgrPixels, Pixels
from detectors.session import Limits
from streamer.batching.batcher import Batcher
from streamer.config.tree import CameraConfig, DetectConfig, DetectorConfig, TrackerConfig
from streamer.event import Event, Happening
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.judge import Judge
from streamer.metrics.metrics import Metrics
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker
from streamer.tracking.tracks import Tracks
from streamer.tracking.untracked import Untracked

pytestmark = pytest.mark.anyio

LABELS = np.array(["person", "dog"])
BROKEN = 250
START = datetime(2026, 1, 1, tzinfo=UTC)


class TwoObjects:
    """An engine that finds a person (0.9) and a dog (0.3); every third picture takes longer."""

    manifest = ModelManifest.model_construct(name="two")

    def warm_up(self, *, quick: bool = False) -> Policy:
        return Policy(3, (1,), "cpu", {1: 0.001})

    def prepare(self, picture: Pixels) -> Prepared:
        return Prepared(picture.bgr(), Letterbox(1, 1, 0, 0, picture.width, picture.height))

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]:
        number = int(prepared[0].image[0, 0, 0])
        if number == BROKEN:
            raise InferenceError("broken")
        time.sleep(0.01 if number % 3 == 0 else 0.001)
        boxes = np.array([[10, 10, 30, 60], [50, 40, 70, 60]], np.float32)
        confidence = np.array([0.9, 0.3], np.float32)
        return [from_arrays(boxes, confidence, np.array([0, 1]), LABELS)]

    def rebuild(self) -> None:
        raise AssertionError("nothing hangs here")


class Scripted:
    """A source of numbered frames, ten a second of media time."""

    name = "gate"

    def __init__(self, numbers: Sequence[int], *, silent_after: bool = False) -> None:
        self._numbers = numbers
        self._silent_after = silent_after
        self.stalled = anyio.Event()

    async def frames(self) -> AsyncIterator[Frame]:
        for sequence, number in enumerate(self._numbers):
            image = np.full((80, 100, 3), number, np.uint8)
            at = START + timedelta(seconds=sequence / 10)
            yield Frame(
                self.name, sequence, sequence * PTS_CLOCK_HZ // 10, at, time.monotonic(), BgrPixels(image)
            )
        self.stalled.set()
        if self._silent_after:
            await anyio.sleep_forever()


class Collected:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.labels: list[list[str]] = []
        self.events: list[Event] = []
        self.told: list[Happening] = []
        self.ended = anyio.Event()

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self.frames.append(frame.sequence)
        self.labels.append([str(name) for name in tracks.detections.data[CLASS_NAME]])
        self.events.extend(each for each in happenings if isinstance(each, Event))
        self.told.extend(happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        assert camera == "gate"
        self.events.extend(each for each in happenings if isinstance(each, Event))
        self.told.extend(happenings)
        self.ended.set()


async def play(
    source: Scripted, detect: DetectConfig, *, window: int = 1, follow: bool = False
) -> tuple[Collected, Metrics]:
    metrics, collected = Metrics(Status([])), Collected()
    batcher = Batcher("default", TwoObjects(), DetectorConfig(), metrics)
    tracker = Tracker(TrackerConfig(lost_s=0.5)) if follow else Untracked()
    camera = CameraConfig(source="gate", detect=detect)
    rules = Judge("gate", camera) if follow else None
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        stages = Stages(batcher, tracker, rules, collected, metrics)
        pipeline = Pipeline(source, detect, stages, lambda _: window)
        with anyio.fail_after(20):
            if source._silent_after:
                tasks.start_soon(pipeline.run)
                await collected.ended.wait()
            else:
                await pipeline.run()
        tasks.cancel_scope.cancel()
    return collected, metrics


@pytest.mark.parametrize("window", [1, 6])
async def test_frames_come_out_in_the_order_they_went_in(window: int) -> None:
    collected, _ = await play(Scripted(range(40)), DetectConfig(min_confidence=0.2), window=window)
    assert collected.frames == list(range(40))
    assert collected.labels == [["person", "dog"]] * 40


async def test_only_what_is_wanted_is_published() -> None:
    confident, _ = await play(Scripted([1]), DetectConfig(min_confidence=0.5))
    dogs, _ = await play(Scripted([1]), DetectConfig(min_confidence=0.2, labels=("dog",)))
    nothing, _ = await play(Scripted([1]), DetectConfig(min_confidence=0.95))
    assert (confident.labels, dogs.labels, nothing.labels) == ([["person"]], [["dog"]], [[]])


async def test_a_frame_that_fails_is_counted_and_the_next_one_comes() -> None:
    collected, metrics = await play(Scripted([1, BROKEN, 2, BROKEN, 3]), DetectConfig(), window=4)
    assert collected.frames == [0, 2, 4]
    assert metrics.snapshot("gate").dropped == {"error": 2}


async def test_the_end_of_a_source_ends_its_events() -> None:
    collected, _ = await play(Scripted([1] * 20), DetectConfig(), follow=True)
    phases = [event.phase for event in collected.events if event.label == "person"]
    assert phases[0] == "start"
    assert phases.count("end") == 1
    assert collected.events[-1].ended_at == START + timedelta(seconds=1.9)


async def test_a_camera_that_falls_silent_does_not_keep_its_events_open() -> None:
    collected, _ = await play(Scripted([1] * 20, silent_after=True), DetectConfig(), follow=True)
    assert [event.phase for event in collected.events][-1] == "end"
    assert collected.events[-1].ended_at == START + timedelta(seconds=1.9)
