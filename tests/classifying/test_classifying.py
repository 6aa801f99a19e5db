"""What classifiers say of objects and of parts of the picture, and models that take another's place."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import anyio
import numpy as np
import pytest
from supervision import Detections

from detectors.classifier import load
from detectors.detections import from_arrays
from detectors.detector import Policy, Prepared
from detectors.letterbox import Letterbox
from detectors.manifest import ModelManifest
from detectors.pixels import BgrPixels, Pixels
from detectors.session import Limits, SessionOptions
from detectors.store import MANIFEST, WEIGHTS, ModelStore
from streamer.batching.batcher import Batcher
from streamer.batching.classifying import ClassifierQueue, Shares
from streamer.classifying.scene import EVERY_S, HOLD, RegionVote
from streamer.classifying.stage import Classifiers
from streamer.classifying.vote import AGAIN_S, MOST, ObjectVote
from streamer.config.classifiers import ClassifierConfig
from streamer.config.tree import CameraConfig, DetectConfig, DetectorConfig, TrackerConfig
from streamer.event import AttributeEvent, Event, Happening
from streamer.fleet.serving import Serving
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.judge import Judge
from streamer.messages.detections import detected_objects
from streamer.metrics.metrics import Metrics
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker
from streamer.tracking.tracks import Tracks
from tests.classifying.colours import Form, colours, written

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, tzinfo=UTC)
CPU = SessionOptions(provider="cpu", workers=2)
RED, BLUE = (10, 10, 220), (220, 10, 10)
BOXES = np.array([[10, 10, 40, 70], [50, 10, 80, 70]], np.float32)


class TwoPeople:
    """Finds a person at each of two places, and a dog over the second."""

    manifest = ModelManifest.model_construct(name="two")
    policy = Policy(1, (1,), "cpu", {1: 0.001})

    def warm_up(self, *, quick: bool = False) -> Policy:
        return self.policy

    def prepare(self, picture: Pixels) -> Prepared:
        return Prepared(picture.bgr(), Letterbox(1, 1, 0, 0, picture.width, picture.height))

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]:
        boxes = np.concatenate([BOXES, [[85, 60, 99, 79]]]).astype(np.float32)
        names = np.array(["person", "dog"])
        return [from_arrays(boxes, np.full(3, 0.9, np.float32), np.array([0, 0, 1]), names) for _ in prepared]

    def rebuild(self) -> None:
        raise AssertionError("nothing hangs here")


class Painted:
    """Frames of two coloured people and a gate in the corner, ten a second of media time."""

    name = "yard"

    def __init__(self, count: int, gate_opens: int = 10_000) -> None:
        self._count = count
        self._gate_opens = gate_opens

    async def frames(self) -> AsyncIterator[Frame]:
        for sequence in range(self._count):
            yield painted(sequence, gate=RED if sequence >= self._gate_opens else BLUE)


def painted(sequence: int, gate: tuple[int, int, int] = BLUE) -> Frame:
    image = np.full((80, 100, 3), 128, np.uint8)
    image[10:70, 10:40], image[10:70, 50:80], image[60:79, 85:99] = RED, BLUE, RED
    image[:8, 90:] = gate
    at = START + timedelta(seconds=sequence / 10)
    return Frame("yard", sequence, sequence * PTS_CLOCK_HZ // 10, at, time.monotonic(), BgrPixels(image))


class Collected:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.told: list[Happening] = []
        self.objects: list[tuple] = []

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self.frames.append(frame.sequence)
        self.objects.append(detected_objects(tracks.detections))
        self.told.extend(happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        self.told.extend(happenings)


class Watcher:
    """Counts crops."""

    def __init__(self) -> None:
        self.crops = 0

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None:
        self.crops += frames

    def stuck(self, part: str, reason: str | None) -> None:
        raise AssertionError(reason)


async def seen(
    source: Painted, configs: Sequence[ClassifierConfig], model: Path
) -> tuple[Collected, Watcher]:
    """What is told of the frames with these classifiers, each of which runs this model."""
    collected, watcher, metrics = Collected(), Watcher(), Metrics(Status([]))
    queue = ClassifierQueue("c", load(str(model), CPU, model.parent / "cache"), 0.002, watcher, quick=True)
    batcher = Batcher("default", TwoPeople(), DetectorConfig(), metrics)
    camera = CameraConfig(source="yard", detect=DetectConfig(min_confidence=0.3))
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        await tasks.start(queue.run)
        stages = Stages(
            batcher,
            Tracker(TrackerConfig()),
            Judge("yard", camera),
            collected,
            metrics,
            classifiers=Classifiers("yard", configs, {each.model: queue for each in configs}, waits=True),
        )
        with anyio.fail_after(30):
            await Pipeline(source, camera.detect, stages).run()
        tasks.cancel_scope.cancel()
    return collected, watcher


async def test_events_say_what_their_objects_are_and_others_are_left_alone(tmp_path: Path) -> None:
    config = ClassifierConfig(model=str(tmp_path / "coat.onnx"), on=("person",))
    collected, watcher = await seen(Painted(60), [config], written(tmp_path / "coat.onnx"))
    ends = [each for each in collected.told if isinstance(each, Event) and each.phase == "end"]
    said = {(each.label, each.sub_label, each.attributes.get("coat")) for each in ends}
    assert said == {("person", "red", "red"), ("person", "blue", "blue"), ("dog", None, None)}
    assert [each.sub_label for each in collected.objects[-1]] == ["red", "blue", None]
    assert collected.frames == list(range(60))
    # Two people that three pictures say clearly what they are; then one is looked at every 2 s, of 6.
    assert watcher.crops == 2 * (3 + 2)


async def test_a_gate_that_opens_is_told_once_after_looks_that_agree(tmp_path: Path) -> None:
    config = ClassifierConfig(model="m", region=(0.9, 0, 1, 0.1), name="gate")
    form = Form(labels=("open", "closed"))
    source = Painted(120, gate_opens=60)
    collected, watcher = await seen(source, [config], written(tmp_path / "m.onnx", form))
    changes = [each for each in collected.told if isinstance(each, AttributeEvent)]
    assert [(each.attribute, each.before, each.value) for each in changes] == [
        ("gate", None, "closed"),
        ("gate", "closed", "open"),
    ]
    assert changes[1].since == START + timedelta(seconds=6)
    assert watcher.crops == 12


def test_a_label_that_was_told_does_not_flicker() -> None:
    vote = ObjectVote(0.5)
    sure, other = (
        Shares(("red", "blue"), np.array(row, np.float32), 0.0) for row in ([0.7, 0.3], [0.3, 0.7])
    )
    told = []
    for number in range(MOST):
        assert vote.due(float(number), 100)
        vote.asked(float(number), 100)
        vote.add(sure if number % 2 == 0 or number < 3 else other, 10)
        told.append(vote.told)
    assert told == [None] + ["red"] * (MOST - 1)
    assert vote.settled
    asked_s = MOST - 1.0
    assert not vote.due(asked_s + 1.9, 199)
    assert vote.due(asked_s + 1.9, 200)
    assert vote.due(asked_s + 2.0, 100)
    vote.restart()
    assert vote.told == "red"


def test_a_track_that_passes_to_another_object_is_told_anew() -> None:
    """By looks that are rare while they agree, and frequent once one does not."""
    vote = ObjectVote(0.5)
    red, blue = (
        Shares(("red", "blue"), np.array(row, np.float32), 0.0) for row in ([0.95, 0.05], [0.05, 0.95])
    )
    looks, told_s = 0, None
    for tenth in range(400):
        now_s = tenth / 10
        if vote.due(now_s, 100):
            vote.asked(now_s, 100)
            vote.add(red if now_s < 20 else blue, 10)
            looks += now_s < 20
        if told_s is None and vote.told == "blue":
            told_s = now_s
    assert looks == 3 + 9
    assert told_s is not None
    assert told_s < 20 + AGAIN_S + MOST / 4
    assert vote.told == "blue"


@pytest.mark.parametrize("least", [0.5, 0.9])
def test_an_object_that_is_never_clear_is_looked_at_rarely_all_the_same(least: float) -> None:
    vote, looks = ObjectVote(least), 0
    for tenth in range(400):
        if vote.due(tenth / 10, 100):
            row = [0.6, 0.4] if looks % 3 else [0.4, 0.6]
            vote.asked(tenth / 10, 100)
            vote.add(Shares(("red", "blue"), np.array(row, np.float32), 0.0), 10)
            looks += 1
    assert MOST + 15 < looks < MOST + 20


def test_an_object_is_looked_at_once_at_a_time_and_rarely() -> None:
    vote = ObjectVote(0.5)
    vote.asked(1.0, 100)
    assert not vote.due(5.0, 100)
    vote.failed()
    assert not vote.due(1.2, 100)
    assert vote.due(1.25, 100)


def test_a_look_that_disagrees_begins_the_count_anew() -> None:
    vote = RegionVote("yard", "gate", 0.6)
    names = ("open", "closed")
    opened, closed, unsure = (
        Shares(names, np.array(row, np.float32), 0.0) for row in ([0.9, 0.1], [0.1, 0.9], [0.5, 0.5])
    )
    at = START
    for said in (opened, opened, closed, opened, opened, unsure, opened, opened):
        assert vote.add(said, at) is None
        at += timedelta(seconds=EVERY_S)
    change = vote.add(opened, at)
    assert change is not None
    assert (change.value, change.before) == ("open", None)
    assert at - change.since == timedelta(seconds=EVERY_S * (HOLD - 1))


def add_version(store: ModelStore, form: Form | None) -> str:
    """A version of ``coat``; one that is no model where there is no form."""
    with store.stage("coat") as folder:
        content = b"rubbish" if form is None else colours(form).SerializeToString()
        (folder / WEIGHTS).write_bytes(content)
        (folder / MANIFEST).write_text(json.dumps({"task": "classify"}))
    return store.versions("coat")[-1]


async def until(told: object, what: str) -> None:
    with anyio.fail_after(20):
        while what not in str(told()):  # type: ignore[operator]
            await anyio.sleep(0.02)


async def test_a_promoted_version_takes_over_and_no_picture_is_lost(tmp_path: Path) -> None:
    store, status = ModelStore(tmp_path / "models"), Status([])
    add_version(store, Form(labels=("red", "blue")))
    second = add_version(store, Form(labels=("warm", "cold")))
    broken = add_version(store, None)

    def version(exact: str):
        return load(exact, CPU, tmp_path / "cache", store.folder)

    queue = ClassifierQueue("coat", version("coat@1"), 0.002, Watcher(), quick=True)
    serving, answers, busy = Serving(store.folder, status), [], True

    async def ask() -> None:
        number = 0
        while busy:
            said = await queue.submit(painted(number), (10, 10, 40, 70))
            answers.append(said.labels[int(said.probabilities.argmax())])
            number += 1

    async with anyio.create_task_group() as tasks:
        await tasks.start(queue.run)
        serving.watch(queue, "coat", "coat@1", version)
        tasks.start_soon(serving.run)
        for _ in range(4):
            tasks.start_soon(ask)
        await until(lambda: answers[-1:], "red")
        store.promote("coat", broken)
        await until(status.details, f"version {broken} does not start, 1 runs on")
        assert answers[-1] == "red"
        assert status.is_ready
        store.promote("coat", second)
        await until(lambda: answers[-1:], "warm")
        await until(lambda: status.details() or "well", "well")
        store.rollback("coat")
        store.promote("coat", "1")
        await until(lambda: answers[-1:], "red")
        busy = False
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
    # Every picture that was asked about got an answer, of one version or the other, in one piece.
    changes = [second for first, second in pairwise(answers) if first != second]
    assert changes[0] == "warm"
    assert changes[-1] == "red"
    assert set(answers) == {"red", "warm"}
