"""Decoding alone and the bare model alone, at the pace of a camera: between its pictures caches grow cold."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from streamer.bench.answering import answer
from streamer.bench.bare import BareModel
from streamer.bench.samples import Work
from streamer.bench.video import decoded
from streamer.capture.pixels import BgrConverter

LEAD_IN_S: Final = 1.0
"""As long as the cameras have."""
PICTURES: Final = 16
"""That the model runs on in turn."""


def measure(begin: Callable[[], Callable[[], object]], per_second: float, seconds: float) -> Work:
    """Does a step at each of its times, once the processor has found its pace too.

    Args:
        begin: from the first picture on, as the cameras do.
        per_second: steps.
        seconds: that count.
    """
    step = begin()
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
    return partial(next, decoded(video))


def running(bare: BareModel, video: Path) -> Callable[[], object]:
    """One more run of the bare model."""
    to_bgr = BgrConverter()
    turns = cycle([bare.pixels(bare.fitted(to_bgr(frame))) for frame in islice(decoded(video), PICTURES)])
    return lambda: bare.run(next(turns))


if __name__ == "__main__":
    rate, clip, *name = sys.argv[1:]
    begin = partial(running, BareModel(name[0]), Path(clip)) if name else partial(decoding, Path(clip))
    answer(lambda seconds: measure(begin, float(rate), seconds))
