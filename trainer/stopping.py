"""Early stopping: when a training no longer becomes better, and which of its epochs was the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Metric = Literal["accuracy", "loss"]


@dataclass(frozen=True, slots=True)
class Patience:
    """What counts as better, and for how long to wait for it.

    Attributes:
        metric: of the validation pictures; accuracy is to rise, loss to fall.
        min_delta: by less than this nothing is better.
        epochs: without anything better, after which the training ends.
    """

    metric: Metric = "loss"
    min_delta: float = 0.0
    epochs: int = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one epoch: whether it is the best so far, and whether it is the last."""

    best: bool
    stop: bool


@dataclass(slots=True)
class EarlyStopping:
    """Watches one number an epoch.

    Attributes:
        patience: None only keeps the best epoch by loss, and never stops.
        best: value so far.
        best_epoch: of it, from 0.
    """

    patience: Patience | None
    best: float = math.nan
    best_epoch: int = -1

    @property
    def metric(self) -> Metric:
        return self.patience.metric if self.patience else "loss"

    def judge(self, epoch: int, value: float) -> Verdict:
        """Take the value of an epoch (from 0)."""
        least = self.patience.min_delta if self.patience else 0.0
        gain = (value - self.best) * (1 if self.metric == "accuracy" else -1)
        better = not math.isnan(value) and (math.isnan(self.best) or gain > least)
        if better:
            self.best, self.best_epoch = value, epoch
        waited = epoch - self.best_epoch
        return Verdict(better, self.patience is not None and waited >= self.patience.epochs)
