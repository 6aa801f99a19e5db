"""The limit: what decoding, letterboxing and the bare model cost when nothing else happens."""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import TYPE_CHECKING, Final

from streamer.bench.answering import answer
from streamer.bench.bare import BareModel
from streamer.bench.samples import Parts
from streamer.bench.video import decoded
from streamer.capture.pixels import BgrConverter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK: Final = 16
"""Pictures that pass one part together, so that each part has the caches to itself."""


class CpuClock:
    """Adds up the CPU seconds that this thread spends inside its ``with`` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.thread_time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += time.thread_time() - self._began


class Limit:
    """Measures the parts on pictures of a video."""

    def __init__(self, model: str, video: Path) -> None:
        self._model = BareModel(model)
        self._video = video

    def measure(self, frames: float) -> Parts:
        """The first ``frames`` pictures."""
        pictures, to_bgr = decoded(self._video), BgrConverter()
        decode, letterbox, run = CpuClock(), CpuClock(), CpuClock()
        walls_s: list[float] = []
        process_s, thread_s = time.process_time(), time.thread_time()
        while len(walls_s) < frames:
            with decode:
                images = [to_bgr(picture) for picture in islice(pictures, CHUNK)]
            with letterbox:
                fitted = [self._model.fitted(image) for image in images]
            inputs = [self._model.pixels(each) for each in fitted]
            with run:
                walls_s += [self._wall_s(each) for each in inputs]
        stray_s = (time.process_time() - process_s) - (time.thread_time() - thread_s)
        return Parts(
            frames=len(walls_s),
            decode_s=decode.seconds,
            letterbox_s=letterbox.seconds,
            run_s=run.seconds,
            run_wall_s=median(walls_s),
            stray_s=stray_s,
        )

    def _wall_s(self, pixels: NDArray[np.float32]) -> float:
        began = time.perf_counter()
        self._model.run(pixels)
        return time.perf_counter() - began


if __name__ == "__main__":
    answer(Limit(sys.argv[1], Path(sys.argv[2])).measure)
