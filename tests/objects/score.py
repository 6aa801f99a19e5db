"""MOTA, IDF1 and identity switches of MOTChallenge results, by the package motmetrics.

    python tests/objects/score.py RESULTS.txt --truth gt.txt [--every N]

The distances are computed here: motmetrics 1.4 calls a function that numpy 2 no longer has.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import motmetrics
import numpy as np

LEAST_IOU = 0.5


@dataclass(frozen=True)
class Score:
    mota: float
    idf1: float
    switches: int
    misses: int
    false_positives: int
    identities: int


def rows(path: Path) -> np.ndarray:
    """[N, columns]; frame, id, x, y, width, height, confidence first."""
    return np.loadtxt(path, delimiter=",", ndmin=2)


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[N,M] intersection over union of x, y, width, height."""
    lower = np.maximum(first[:, None, :2], second[None, :, :2])
    upper = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    shared = np.clip(upper - lower, 0, None).prod(axis=2)
    areas = first[:, 2:].prod(axis=1)[:, None] + second[:, 2:].prod(axis=1)[None]
    return shared / (areas - shared)


def score(results: np.ndarray, truth: np.ndarray, every: int = 1) -> Score:
    """Compare frames 1, 1+every, 1+2*every .."""
    compared = motmetrics.MOTAccumulator()
    for frame in range(1, int(truth[:, 0].max()) + 1, every):
        real, found = truth[truth[:, 0] == frame], results[results[:, 0] == frame]
        distances = 1 - overlaps(real[:, 2:6], found[:, 2:6])
        distances[distances > 1 - LEAST_IOU] = np.nan
        compared.update(real[:, 1].astype(int), found[:, 1].astype(int), distances, frameid=frame)
    names = ["mota", "idf1", "num_switches", "num_misses", "num_false_positives"]
    mota, idf1, *counts = motmetrics.metrics.create().compute(compared, metrics=names).iloc[0]
    return Score(float(mota), float(idf1), *map(int, counts), identities=len(np.unique(results[:, 1])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    print(score(rows(options.results), rows(options.truth), options.every))


if __name__ == "__main__":
    main()
