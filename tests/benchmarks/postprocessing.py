"""What preparation, decode and suppression cost in numpy and inside the graph, as shares of the bare model.

python -m tests.benchmarks.postprocessing MODEL.. [--seconds 5]

CPU time of one thread, in turns, on a picture of the trial: the bare model with its input ready-made; the
same with preparation and decode in numpy, vectorised as demos have them; and the compiled graph.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, thread_time

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.cache import GraphCache, default_folder
from detectors.compiling.compilation import compiled
from detectors.families.grid import cells
from detectors.letterbox import fit
from detectors.manifest import InputSpec
from detectors.pixels import BgrPixels
from detectors.recognising.trial import pixels_of
from detectors.recognising.trialpictures import probe
from detectors.session import Limits, SessionOptions, open_raw, open_session
from detectors.store import resolve

Array = NDArray[np.float32]
Decode = Callable[[list[Array], InputSpec], tuple[Array, Array]]
LIMITS = Limits()
COLD = 3


def centred(xywh: Array) -> Array:
    return np.concatenate([xywh[:, :2] - xywh[:, 2:4] / 2, xywh[:, :2] + xywh[:, 2:4] / 2], axis=1)


def yolox(outputs: list[Array], spec: InputSpec) -> tuple[Array, Array]:
    rows, grid = outputs[0][0], cells(spec.width, spec.height, (8, 16, 32))
    scores = rows[:, 5:] * rows[:, 4:5]
    centre = (rows[:, :2] + grid[:, :2]) * grid[:, 2:]
    return centred(np.concatenate([centre, np.exp(rows[:, 2:4]) * grid[:, 2:]], axis=1)), scores


def ultralytics(outputs: list[Array], spec: InputSpec) -> tuple[Array, Array]:
    columns = outputs[0][0].T
    return centred(columns[:, :4]), columns[:, 4:]


def nanodet(outputs: list[Array], spec: InputSpec) -> tuple[Array, Array]:
    grid = cells(spec.width, spec.height, (8, 16, 32))
    scores, bins = (np.concatenate([each[0] for each in outputs[at : at + 3]]) for at in (0, 3))
    raised = np.exp(bins.reshape(-1, 4, 8))
    sides = (raised / raised.sum(axis=2, keepdims=True) @ np.arange(8, dtype=np.float32)) * grid[:, 2:]
    points = grid[:, :2] * grid[:, 2:] + 0.5 * (grid[:, 2:] - 1)
    return np.concatenate([points - sides[:, :2], points + sides[:, 2:]], axis=1), scores


def fastestdet(outputs: list[Array], spec: InputSpec) -> tuple[Array, Array]:
    told = outputs[0][0].reshape(outputs[0].shape[1], -1).T
    grid = cells(spec.width, spec.height, (16,))
    centre = (np.tanh(told[:, 1:3]) + grid[:, :2]) * 16
    size = np.array([spec.width, spec.height]) / (1 + np.exp(-told[:, 3:5]))
    return centred(np.concatenate([centre, size], axis=1)), told[:, :1] ** 0.6 * told[:, 5:] ** 0.4


DECODES: Mapping[str, Decode] = {
    "yolox": yolox,
    "ultralytics-v8": ultralytics,
    "nanodet": nanodet,
    "fastestdet": fastestdet,
}


def suppressed(boxes: Array, scores: Array) -> Array:
    """Boxes x1, y1, x2, y2, score, class of the best class each, class by class."""
    labels, best = scores.argmax(axis=1), scores.max(axis=1)
    sure = best > LIMITS.min_confidence
    boxes, labels, best = boxes[sure], labels[sure], best[sure]
    kept: list[int] = []
    order = np.argsort(-best)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        inner = np.minimum(boxes[first, 2:], boxes[rest, 2:]) - np.maximum(boxes[first, :2], boxes[rest, :2])
        both = inner.clip(0).prod(axis=1)
        overlap = both / (areas[first] + areas[rest] - both)
        order = rest[(overlap <= LIMITS.iou) | (labels[rest] != labels[first])]
    return np.column_stack([boxes, best, labels])[kept]


def measured(model: str, seconds: float) -> list[float]:
    """Median CPU seconds of a run: bare, with numpy, of the graph."""
    folder = default_folder()
    files = resolve(model)
    found = compiled(files, GraphCache(folder) if folder else None)
    spec, family = found.manifest.input, found.manifest.family
    image = fit(BgrPixels(probe()[0].image), spec)[0]
    raw, session = open_raw(files.weights), open_session(found.graph, SessionOptions("cpu", 1))
    name, ready = raw.inputs[0].name, pixels_of(image, spec)

    def by_numpy() -> Array:
        return suppressed(*DECODES[family](raw.run({name: pixels_of(image, spec)}), spec))

    runs: list[Callable[[], object]] = [
        lambda: raw.run({name: ready}),
        by_numpy,
        lambda: session.run(image[None], LIMITS),
    ]
    times: list[list[float]] = [[] for _ in runs]
    end = monotonic() + seconds
    while monotonic() < end or len(times[0]) <= 2 * COLD:
        for run, taken in zip(runs, times, strict=True):
            began = thread_time()
            run()
            taken.append(thread_time() - began)
    return [float(np.median(taken[COLD:])) for taken in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", metavar="MODEL", help=f"of {', '.join(DECODES)}")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    print(f"{'model':<20} {'bare':>9} {'numpy':>9} {'graph':>9} {'numpy/bare':>10} {'graph/bare':>10}")
    for model in options.models:
        bare, numpy, graph = measured(model, options.seconds)
        told = [f"{1000 * each:.2f} ms" for each in (bare, numpy, graph)]
        print(
            f"{Path(model).stem:<20} {told[0]:>9} {told[1]:>9} {told[2]:>9} "
            f"{numpy / bare:>10.3f} {graph / bare:>10.3f}"
        )


if __name__ == "__main__":
    main()
