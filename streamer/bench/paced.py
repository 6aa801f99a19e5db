"""Decoding alone and the bare model alone, at the pace of a camera: between its pictures caches grow cold."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from streamer.bench.answering import answer
from streamer.bench.bare import BareModel
from streamer.bench.samples import Work
from streamer.bench.video import decoded
from streamer.capture.bgr import BgrConverter

LEAD_IN_S: Final = 1.0
"""As long as the cameras have."""
PICTURES: Final = 16
"""That the model runs on in turn."""


def measure(step: Callable[[], object], per_second: float, seconds: float) -> Work:
    """Does a step at each of its times, once the processor has found its pace too."""
    pace(step, per_second, LEAD_IN_S)
    return pace(step, per_second, seconds)


def pace(step: Callable[[], object], per_second: float, seconds: float) -> Work:
    began, cpu = time.perf_counter(), time.process_time()
    count = round(seconds * per_second)
    for number in range(count):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        step()
    # Also the last one has its time.
    time.sleep(max(0.0, began + seconds - time.perf_counter()))
    return Work(count, time.perf_counter() - began, time.process_time() - cpu)


def decoding(video: Path) -> Callable[[], object]:
    """One more picture, as the decoder gives it."""
    pictures = decoded(video)
    return lambda: next(pictures)


def running(model: str, video: Path) -> Callable[[], object]:
    """One more run of the bare model."""
    bare, to_bgr = BareModel(model), BgrConverter()
    inputs = [bare.pixels(bare.fitted(to_bgr(frame))) for frame in islice(decoded(video), PICTURES)]
    turns = cycle(inputs)
    return lambda: bare.run(next(turns))


if __name__ == "__main__":
    rate, clip, *name = sys.argv[1:]
    action = running(name[0], Path(clip)) if name else decoding(Path(clip))
    answer(lambda seconds: measure(action, float(rate), seconds))
