"""What held-out pictures say: figures, temperature, the threshold of "none of these", the worst mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.calibration import rejection, temperature
from trainer.figures import Figures, measure, softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trainer.data.sample import Dataset
    from trainer.options import TrainOptions
    from trainer.outcome import Outcome

WORST: Final = 12


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture that was called wrong, and how surely."""

    row: int
    name: str
    truth: str
    answer: str
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Of the held-out pictures.

    Attributes:
        rows: numbers of the pictures, each held out exactly once.
        probabilities: of them, calibrated, [n,k].
        figures: with calibrated probabilities.
        by_fold: accuracy of each training.
        raw_ece: calibration error before the temperature.
        temperature: by which logits are divided.
        threshold: below which the answer is "none of these".
        mistakes: the surest first.
    """

    rows: NDArray[np.int64]
    probabilities: NDArray[Any]
    figures: Figures
    by_fold: tuple[float, ...]
    raw_ece: float
    temperature: float
    threshold: float
    mistakes: tuple[Mistake, ...]


def judged(dataset: Dataset, outcomes: Sequence[Outcome], options: TrainOptions) -> Judgement:
    """All that was held out, put together."""
    truth = np.array(dataset.classes, np.int64)
    rows = np.concatenate([each.held for each in outcomes])
    logits = np.concatenate([each.logits for each in outcomes])
    heat = temperature(logits, truth[rows])
    probabilities = softmax(logits, heat)
    threshold = options.threshold
    if threshold is None:
        threshold = rejection(probabilities, truth[rows], options.reject)
    return Judgement(
        rows, probabilities, measure(probabilities, truth[rows], dataset.labels),
        tuple(float((each.logits.argmax(axis=1) == truth[each.held]).mean()) for each in outcomes),
        measure(softmax(logits), truth[rows], dataset.labels).ece,
        heat, threshold, _mistakes(dataset, rows, probabilities),
    )  # fmt: skip


def _mistakes(dataset: Dataset, rows: NDArray[np.int64], probabilities: NDArray[Any]) -> tuple[Mistake, ...]:
    truth, answers = np.array(dataset.classes)[rows], probabilities.argmax(axis=1)
    wrong = np.flatnonzero(truth != answers)
    surest = wrong[np.argsort(-probabilities[wrong, answers[wrong]], kind="stable")][:WORST]
    return tuple(
        Mistake(
            int(rows[each]), dataset.pictures[rows[each]].sample.name, dataset.labels[truth[each]],
            dataset.labels[answers[each]], float(probabilities[each, answers[each]]),
        )
        for each in surest
    )  # fmt: skip
