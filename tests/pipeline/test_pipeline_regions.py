"""A camera whose frames are looked at in regions: the loop sees one result a frame, in its pixels."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from streamer.batching.batcher import Batcher
from streamer.config.tree import DetectConfig, DetectorConfig
from streamer.event import Event
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracks import Tracks
from streamer.tracking.untracked import Untracked
from tests.pipeline.test_pipeline import BROKEN, Collected, Scripted, TwoObjects

pytestmark = pytest.mark.anyio


class Boxes(Collected):
    """Remembers where people were."""

    def __init__(self) -> None:
        super().__init__()
        self.people: list[list[tuple[float, ...]]] = []

    async def publish(self, frame: Frame, tracks: Tracks, events: Sequence[Event]) -> None:
        await super().publish(frame, tracks, events)
        found = tracks.detections
        self.people.append([tuple(map(float, box)) for box in found.xyxy[found.class_id == 0]])


async def play(numbers: Sequence[int], detect: DetectConfig, window: int = 1) -> tuple[Boxes, Metrics]:
    metrics, collected = Metrics(Status([])), Boxes()
    batcher = Batcher("default", TwoObjects(), DetectorConfig(), metrics)
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        stages = Stages(batcher, Untracked(), None, collected, metrics)
        with anyio.fail_after(20):
            await Pipeline(Scripted(numbers), detect, stages, lambda _: window).run()
        tasks.cancel_scope.cancel()
    return collected, metrics


def detecting(regions: object) -> DetectConfig:
    return DetectConfig.model_validate({"regions": regions})


async def test_objects_of_a_region_are_told_where_they_are_in_the_frame() -> None:
    # Pictures of 100x80; in every crop the person is at (10, 10)-(30, 60).
    collected, _ = await play([1, 2], detecting([[0.25, 0.125, 1, 1]]))
    assert collected.people == [[(35.0, 20.0, 55.0, 70.0)]] * 2


@pytest.mark.parametrize("window", [1, 6])
async def test_frames_in_tiles_come_out_once_and_in_order(window: int) -> None:
    collected, metrics = await play(range(30), detecting("tiles:2x1"), window)
    assert collected.frames == list(range(30))
    # The left tile and the whole picture see the same person, the right tile sees another.
    assert collected.people == [[(10.0, 10.0, 30.0, 60.0), (54.0, 10.0, 74.0, 60.0)]] * 30
    assert b'sightline_batch_frames_count{detector="default"} 90.0' in metrics.exposition()
    assert b'sightline_frames_detected_total{camera="gate"} 30.0' in metrics.exposition()


async def test_a_frame_whose_crop_fails_is_counted_once() -> None:
    collected, metrics = await play([1, BROKEN, 2, BROKEN, 3], detecting("tiles:2x2"), window=4)
    assert collected.frames == [0, 2, 4]
    assert metrics.snapshot("gate").dropped == {"error": 2}
