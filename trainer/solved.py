"""A linear head in closed form, which training begins with: ridge regression on the classes.

Of few pictures Adam's sixty epochs do not come to what can be had of them; see the figures in the README.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.calibration import temperature
from trainer.figures import cross_entropy, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

PENALTIES: Final = (0.1, 0.3, 1.0, 3.0)
"""Of the squared kernel against the sum of squared errors of rows whose length is about 1."""
MOST: Final = 2000
"""Pictures of which the penalty is chosen."""
CHUNK: Final = 4096
SURE: Final = 10.0
"""Answers of ridge regression are 0 to 1; so many times that is a logit which a temperature can mend."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What is to be learnt.

    Attributes:
        rows: scaled features [n,d].
        targets: what is to be answered [n,k]; each sums to 1.
        weights: of the pictures [n].
        groups: of the pictures [n]: those of one group know too much of each other.
    """

    rows: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    groups: NDArray[np.int64]

    def some(self, count: int) -> Lessons:
        """So many of them at most, evenly taken."""
        return self.of(np.arange(0, len(self.rows), -(-len(self.rows) // count)))

    def of(self, chosen: NDArray[np.int64]) -> Lessons:
        """Those of these numbers."""
        return Lessons(self.rows[chosen], self.targets[chosen], self.weights[chosen], self.groups[chosen])

    def centred(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weighted means of rows and targets."""
        share = self.weights.astype(np.float64) / self.weights.sum(dtype=np.float64)
        return share @ self.rows, share @ self.targets


def solved(lessons: Lessons) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel [d,k] and bias [k] of the head whose penalty answers those groups best that it was not solved
    with, as sure as it may be of them.
    """
    few = lessons.some(MOST)
    truth = few.targets.argmax(axis=1)
    found = []
    for penalty, answers in _without_each_group(few):
        heat = temperature(answers * SURE, truth)
        found.append((cross_entropy(softmax(answers * SURE, heat), truth), penalty, heat))
    _, penalty, heat = min(found)
    kernel = _kernel(lessons, penalty) * (SURE / heat)
    middle, usual = lessons.centred()
    return kernel, usual * (SURE / heat) - middle @ kernel


def _without_each_group(few: Lessons) -> list[tuple[float, NDArray[np.float64]]]:
    """For each penalty, what is answered about each group by a head that was solved without it.

    Its error is that of the whole, divided by what the group has no say in (Hastie et al. 2009, 7.10).
    """
    middle, usual = few.centred()
    root = np.sqrt(few.weights.astype(np.float64))[:, None]
    rows, targets = root * (few.rows - middle), root * (few.targets - usual)
    alike = rows @ rows.T
    unit = np.eye(len(alike))
    groups = [np.flatnonzero(few.groups == group) for group in np.unique(few.groups)]
    answers = []
    for penalty in PENALTIES:
        left = penalty * np.linalg.inv(alike + penalty * unit)
        errors = left @ targets
        # The bias has a say, too: that of each picture's weight.
        left -= root @ root.T / (root**2).sum()
        for group in groups:
            errors[group] = np.linalg.solve(left[np.ix_(group, group)], errors[group])
        answers.append((penalty, few.targets - errors / root))
    return answers


def _kernel(lessons: Lessons, penalty: float) -> NDArray[np.float64]:
    middle, usual = lessons.centred()
    count, width = lessons.rows.shape

    def part(start: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        root = np.sqrt(lessons.weights[start:end].astype(np.float64))[:, None]
        return root * (lessons.rows[start:end] - middle), root * (lessons.targets[start:end] - usual)

    if count <= width:
        rows, targets = part(0, count)
        dual: NDArray[np.float64] = rows.T @ _ridge(rows @ rows.T, penalty, targets)
        return dual
    squares, products = np.zeros((width, width)), np.zeros((width, lessons.targets.shape[1]))
    for start in range(0, count, CHUNK):
        rows, targets = part(start, start + CHUNK)
        squares += rows.T @ rows
        products += rows.T @ targets
    return _ridge(squares, penalty, products)


def _ridge(squares: NDArray[Any], penalty: float, targets: NDArray[Any]) -> NDArray[np.float64]:
    solution: NDArray[np.float64] = np.linalg.solve(squares + penalty * np.eye(len(squares)), targets)
    return solution
