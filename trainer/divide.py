"""Which pictures are held out, which are watched, which are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainer.data.collection import independent
from trainer.data.split import folds, shares
from trainer.options import WATCHED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.data.sample import Dataset
    from trainer.options import Division


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Numbers of the pictures of one training: disjoint; ``held`` is only answered about."""

    train: NDArray[np.int64]
    watched: NDArray[np.int64]
    held: NDArray[np.int64]


def parts(dataset: Dataset, division: Division, seed: int) -> list[Part]:
    """The trainings that figures come from: one a fold of a small set, a single one of a large set."""
    classes, groups = dataset.classes, list(dataset.groups)
    if len(classes) < division.small:
        count = min(division.folds, *independent(dataset).values())
        of = folds(classes, groups, count, seed)
        watched = division.fraction or 0.0
        return [_part(dataset, division, np.flatnonzero(of == fold), watched, seed) for fold in range(count)]
    of = shares(classes, groups, [division.held_out, 1 - division.held_out], seed)
    watched = WATCHED if division.fraction is None else division.fraction
    return [_part(dataset, division, np.flatnonzero(of == 0), watched, seed)]


def everything(dataset: Dataset) -> Part:
    """All pictures, for the model that goes live after its recipe has been judged by folds."""
    none = np.zeros(0, np.int64)
    return Part(np.arange(len(dataset.pictures)), none, none)


def _part(dataset: Dataset, division: Division, held: NDArray[np.int64], fraction: float, seed: int) -> Part:
    rest = np.setdiff1d(np.arange(len(dataset.pictures)), held)
    if division.validation is not None or fraction <= 0:
        return Part(rest, np.zeros(0, np.int64), held)
    classes = [dataset.classes[row] for row in rest]
    groups = [dataset.groups[row] for row in rest]
    of = shares(classes, groups, [fraction, 1 - fraction], seed + 1)
    watched = rest[of == 0]
    return Part(rest[of == 1], watched, held)
