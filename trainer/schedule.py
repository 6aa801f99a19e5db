"""Learning rates over a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Name = Literal["constant", "exponential", "polynomial", "cosine"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate falls from epoch to epoch.

    Attributes:
        name: constant; exponential (a staircase: times ``decay`` after every ``decay_epochs``); polynomial
            (to ``end_rate`` over all epochs, by ``power``); cosine (to ``end_rate`` along half a wave).
        rate: at the beginning.
        decay: factor of a stair.
        decay_epochs: length of a stair.
        end_rate: at the end.
        power: 1 is a straight line.
    """

    name: Name = "cosine"
    rate: float = 0.001
    decay: float = 0.94
    decay_epochs: float = 2.0
    end_rate: float = 0.00001
    power: float = 1.0

    def at(self, epoch: float, epochs: int) -> float:
        """The rate at a moment, in epochs from the beginning, fractions too, of a training of ``epochs``."""
        return _RATES[self.name](self, min(max(epoch / epochs, 0.0), 1.0), epoch)


def _exponential(schedule: Schedule, done: float, epoch: float) -> float:
    return schedule.rate * schedule.decay ** math.floor(epoch / schedule.decay_epochs)


def _polynomial(schedule: Schedule, done: float, epoch: float) -> float:
    return float((schedule.rate - schedule.end_rate) * (1 - done) ** schedule.power + schedule.end_rate)


def _cosine(schedule: Schedule, done: float, epoch: float) -> float:
    return schedule.end_rate + (schedule.rate - schedule.end_rate) * (1 + math.cos(math.pi * done)) / 2


_RATES: Final[dict[Name, Callable[[Schedule, float, float], float]]] = {
    "constant": lambda schedule, done, epoch: schedule.rate,
    "exponential": _exponential,
    "polynomial": _polynomial,
    "cosine": _cosine,
}
