"""How good answers are: figures with their uncertainty, from probabilities and truth."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Z95: Final = 1.959963984540054
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class PerClass:
    """Of one class: precision is None where it was never answered."""

    label: str
    pictures: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: how sure they were, how many were right, how many there are."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of answers to pictures that were not trained on.

    Attributes:
        accuracy: share of right answers.
        interval: of the accuracy, 95 % (Wilson 1927).
        balanced_accuracy: mean recall of the classes.
        loss: mean cross-entropy.
        ece: expected calibration error: mean distance of confidence and accuracy over ten bins.
        confusion: rows are the truth, columns the answers.
    """

    pictures: int
    accuracy: float
    interval: tuple[float, float]
    balanced_accuracy: float
    loss: float
    ece: float
    per_class: tuple[PerClass, ...]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(probabilities: NDArray[Any], truth: NDArray[np.int64], labels: Sequence[str]) -> Figures:
    """Figures of probabilities [n,k] against class numbers [n], at least one picture."""
    answers = probabilities.argmax(axis=1)
    right = answers == truth
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (truth, answers), 1)
    bins = _bins(probabilities.max(axis=1), right)
    present = confusion.sum(axis=1) > 0
    recalls = np.diag(confusion)[present] / confusion.sum(axis=1)[present]
    return Figures(
        pictures=len(truth),
        accuracy=float(right.mean()),
        interval=wilson(int(right.sum()), len(truth)),
        balanced_accuracy=float(recalls.mean()),
        loss=cross_entropy(probabilities, truth),
        ece=sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / len(truth),
        per_class=tuple(_of_class(confusion, number, label) for number, label in enumerate(labels)),
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        reliability=bins,
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval, without continuity correction)."""
    if count == 0:
        return 0.0, 1.0
    share, z2 = hits / count, Z95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def cross_entropy(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """Mean negative logarithm of the probability of what is true."""
    chosen = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def softmax(logits: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
    """Rows of probabilities."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    rows: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return rows


def _of_class(confusion: NDArray[np.int64], number: int, label: str) -> PerClass:
    hits, truths, answers = (
        int(confusion[number, number]), int(confusion[number].sum()), int(confusion[:, number].sum())
    )  # fmt: skip
    return PerClass(
        label, truths,
        precision=hits / answers if answers else None,
        recall=hits / truths if truths else None,
        f1=2 * hits / (truths + answers) if truths + answers else None,
    )  # fmt: skip


def _bins(confidence: NDArray[Any], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    numbers = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    return tuple(
        Bin(
            float(confidence[numbers == each].mean()),
            float(right[numbers == each].mean()),
            int((numbers == each).sum()),
        )
        for each in range(BINS)
        if (numbers == each).any()
    )
