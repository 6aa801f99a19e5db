"""Ours: a file through the whole lossless pipeline, as ``sightline detect`` runs it."""

from __future__ import annotations

import sys
import time

import anyio

from streamer.batching.batcher import Batcher
from streamer.bench.answering import answer_async
from streamer.bench.rig import MIN_CONFIDENCE, Tally, served
from streamer.bench.samples import Work
from streamer.capture.source import open_source
from streamer.config.tree import CameraConfig, DetectConfig, TrackerConfig
from streamer.metrics.metrics import Metrics
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker

NAME = "file"


async def serve(model: str, video: str) -> None:
    """Measure as often as asked."""
    metrics = Metrics(Status([]))
    camera = CameraConfig(source=video, detect=DetectConfig(fps=0, min_confidence=MIN_CONFIDENCE))
    async with served(model, metrics) as batcher:
        await answer_async(lambda frames: measure(batcher, metrics, camera, int(frames)))


async def measure(batcher: Batcher, metrics: Metrics, camera: CameraConfig, frames: int) -> Work:
    """The first ``frames`` of the video, or all it has, from its opening to the last result."""
    tally = Tally(frames)
    source = open_source(NAME, camera, metrics, lossless=True)
    stages = Stages(batcher, Tracker(TrackerConfig()), None, tally, metrics)
    pipeline = Pipeline(source, camera.detect, stages, batcher.window)
    began, cpu = time.perf_counter(), time.process_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.run)
        tasks.start_soon(play, pipeline, tally)
        await tally.reached.wait()
        work = Work(len(tally.latencies_s), time.perf_counter() - began, time.process_time() - cpu)
        tasks.cancel_scope.cancel()
    return work


async def play(pipeline: Pipeline, tally: Tally) -> None:
    await pipeline.run()
    tally.reached.set()


if __name__ == "__main__":
    anyio.run(serve, sys.argv[1], sys.argv[2])
