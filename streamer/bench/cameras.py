"""Ours: live cameras through the whole pipeline, as ``sightline run`` watches them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from random import Random
from typing import Final

import anyio

from streamer.batching.batcher import Batcher
from streamer.bench.answering import answer_async
from streamer.bench.rig import MIN_CONFIDENCE, Tally, served
from streamer.bench.samples import Watch
from streamer.capture.source import open_source
from streamer.config.tree import CameraConfig, DetectConfig
from streamer.judge import Judge
from streamer.metrics.metrics import Metrics
from streamer.pipeline import Pipeline, Stages
from streamer.status import Status
from streamer.tracking.tracker import Tracker

LEAD_IN_S: Final = 1.0
"""Before the counting starts: connections, first key frames, caches."""
SPREAD_S: Final = 0.1
"""Cameras start within this time of one another; their clocks have nothing to do with each other."""


class Cameras:
    """Live cameras and the detector they share."""

    def __init__(self, batcher: Batcher, metrics: Metrics, cameras: Sequence[CameraConfig]) -> None:
        self._batcher = batcher
        self._metrics = metrics
        self._cameras = {f"camera-{number}": camera for number, camera in enumerate(cameras, 1)}
        self._random = Random(0)

    async def measure(self, seconds: float) -> Watch:
        tally = Tally()
        async with anyio.create_task_group() as tasks:
            for name, camera in self._cameras.items():
                tasks.start_soon(self._watch, name, camera, tally, self._random.uniform(0, SPREAD_S))
            await anyio.sleep(LEAD_IN_S)
            tally.clear()
            began, cpu = time.perf_counter(), time.process_time()
            await anyio.sleep(seconds)
            results = [tally.results.get(name, 0) for name in self._cameras]
            wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
            latencies_s = list(tally.latencies_s)
            tasks.cancel_scope.cancel()
        return Watch(wall_s, cpu_s, results, latencies_s)

    async def _watch(self, name: str, camera: CameraConfig, tally: Tally, delay_s: float) -> None:
        await anyio.sleep(delay_s)
        source = open_source(name, camera, self._metrics)
        tracker, rules = Tracker(camera.track, camera.stationary), Judge(name, camera)
        stages = Stages(self._batcher, tracker, rules, tally, self._metrics)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(source.run)
            tasks.start_soon(Pipeline(source, camera.detect, stages).run)


async def serve(options: argparse.Namespace) -> None:
    """Measure as often as asked."""
    metrics = Metrics(Status([]))
    camera = CameraConfig(
        source=options.video, detect=DetectConfig(fps=options.fps, min_confidence=MIN_CONFIDENCE)
    )
    async with served(options.model, metrics) as batcher:
        await answer_async(Cameras(batcher, metrics, [camera] * options.count).measure)


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("video")
    parser.add_argument("--count", type=int, default=4, help="cameras")
    parser.add_argument("--fps", type=float, default=0.0, help="detections a second and camera, 0 for all")
    return parser.parse_args(given)


if __name__ == "__main__":
    anyio.run(serve, arguments(sys.argv[1:]))
