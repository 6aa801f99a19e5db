"""How much a compiled graph costs over the bare model, measured turn by turn in one run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors.compiling.cache import GraphCache, default_folder
from detectors.compiling.compilation import compiled
from detectors.compiling.standard import SIZES
from detectors.errors import InferenceError
from detectors.letterbox import fit
from detectors.pixels import BgrPixels
from detectors.recognising.trialpictures import probe
from detectors.session import Limits, SessionOptions, open_raw, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from detectors.session import RawInput
    from detectors.store import ModelFiles

COLD: Final = 3
"""First runs, that do not count."""
CHANNELS: Final = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one batch size: CPU time of a run on one thread, the median, seconds.

    Attributes:
        batch: pictures of a run.
        bare_s: of the model as it came, whose float input is ready-made; of one that takes only one picture,
            of as many runs.
        graph_s: of the compiled graph, from bytes to boxes.
    """

    batch: int
    bare_s: float
    graph_s: float

    @property
    def ratio(self) -> float:
        return self.graph_s / self.bare_s


def compared(files: ModelFiles, batches: Sequence[int], seconds: float) -> list[Speed]:
    """Measure the model as it came and as it was compiled, in turns, by batch size; sizes it cannot run are
    left out.

    Args:
        files: of the model.
        batches: numbers of pictures of a run.
        seconds: of each measurement.

    Raises:
        ModelLoadError, InferenceError: it does not run.
    """
    folder = default_folder()
    model = compiled(files, GraphCache(folder) if folder else None)
    session, bare = open_session(model.graph, SessionOptions("cpu", 1)), open_raw(files.weights)
    spec, limits = model.manifest.input, Limits(model.manifest.thresholds.confidence)
    classifies = model.manifest.task == "classify"
    speeds = []
    for batch in batches:
        images = _pictures(spec, batch)
        if batch > 1 and not session.any_batch:
            continue
        feeds = [{value.name: _fed(value, images, spec) for value in bare.inputs}]
        if batch > 1 and not _takes(bare.run, feeds[0]):
            alone = np.split(images, batch)
            feeds = [{value.name: _fed(value, one, spec) for value in bare.inputs} for one in alone]
        graph = (
            (lambda images: session.probabilities(images))
            if classifies
            else (lambda images: session.run(images, limits))
        )
        runs = (lambda: [bare.run(each) for each in feeds], lambda: graph(images))  # noqa: B023
        bare_s, graph_s = _in_turns(runs, seconds)
        speeds.append(Speed(batch, bare_s, graph_s))
    return speeds


def _pictures(spec: InputSpec, count: int) -> NDArray[np.uint8]:
    """Streets with people, so that there is something to decode."""
    fitted = [fit(BgrPixels(picture.image), spec)[0] for picture in probe()]
    return np.stack([fitted[number % len(fitted)] for number in range(count)])


def _fed(value: RawInput, images: NDArray[np.uint8], spec: InputSpec) -> NDArray[Any]:
    """What an input of the bare model gets."""
    if value.name in SIZES:
        row = np.array(SIZES[value.name](spec.width, spec.height))
        rows = np.tile(row, (len(images), 1)) if len(value.shape) != 1 else row
        return rows.astype(value.dtype)
    ordered = images[..., ::-1] if spec.channels == "rgb" else images
    pixels = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    if value.shape[-1] != CHANNELS:
        pixels = pixels.transpose(0, 3, 1, 2)
    if len(value.shape) == CHANNELS:
        pixels = pixels[0]
    return np.ascontiguousarray(pixels.astype(value.dtype))


def _takes(run: Callable[[Mapping[str, NDArray[Any]]], object], feeds: Mapping[str, NDArray[Any]]) -> bool:
    try:
        run(feeds)
    except InferenceError:
        return False
    return True


def _in_turns(runs: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Median CPU time of this thread that each run takes."""
    times: list[list[float]] = [[] for _ in runs]
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times[0]) <= 2 * COLD:
        for run, taken in zip(runs, times, strict=True):
            began = time.thread_time()
            run()
            taken.append(time.thread_time() - began)
    return [statistics.median(taken[COLD:]) for taken in times]
