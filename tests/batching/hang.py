"""Submits pictures to a model that hangs on white ones, and prints what becomes of them."""

import os
import sys
import time
from datetime import UTC, datetime

import anyio
import numpy as np

from detectors.detector import load
from detectors.errors import InferenceError
from detectors.pixels import BgrPixels
from streamer.batching.batcher import Batcher
from streamer.config.tree import DetectorConfig
from streamer.errors import DetectorStuck
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from tests.batching.hanging import SIZE


def frame(brightness: int) -> Frame:
    image = np.full((SIZE, SIZE, 3), brightness, np.uint8)
    return Frame("a", 0, 0, datetime.now(UTC), time.monotonic(), BgrPixels(image))


async def scenario(model: str) -> None:
    status = Status(["detector default"])
    batcher = Batcher("default", load(model), DetectorConfig(), Metrics(status))
    async with anyio.create_task_group() as tasks:
        await tasks.start(batcher.run)
        print(f"black: {len(await batcher.submit(frame(0), 0.5))} objects")
        try:
            await batcher.submit(frame(255), 0.5)
        except InferenceError as error:
            print(f"white: {error}")
        print(f"black again: {len(await batcher.submit(frame(0), 0.5))} objects")
        # Another worker may have answered before the fresh session was built.
        with anyio.move_on_after(20):
            while not status.is_ready:
                await anyio.sleep(0.02)
        print("ready again" if status.is_ready else "not ready")
        batcher.submit(frame(255), 0.5)
        await anyio.sleep_forever()


def main() -> None:
    try:
        anyio.run(scenario, sys.argv[1])
    except* DetectorStuck as group:
        print(f"ended: {group.exceptions[0]}", flush=True)
    # The threads that hang in native code would abort an orderly exit.
    os._exit(0)


main()
