"""How a training goes on: by the time spent in it, or by its steps."""

import math
from dataclasses import dataclass

from trainer.nano.batches import Phase


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the training up to a progress of `until`."""

    until: float
    phase: Phase


# Small mosaics first, then the size in use, at last whole pictures only, as in use.
STAGES = (Stage(0.4, Phase(256, 0.75)), Stage(0.88, Phase(320, 0.65)), Stage(1.0, Phase(320, 0.0)))


@dataclass(frozen=True, slots=True)
class Plan:
    """The budget (seconds of training or steps, the one that is not None) and the recipe's constants."""

    seconds: float | None
    steps: int | None
    batch: int = 32
    rate: float = 2.8e-3
    warm_up: int = 150
    decay: float = 0.05
    average: float = 0.998
    stages: tuple[Stage, ...] = STAGES

    def progress(self, step: int, spent_s: float) -> float:
        """0 at the start, 1 when the budget is used up."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        return min(1.0, spent_s / self.seconds) if self.seconds else 1.0

    def learning_rate(self, step: int, progress: float) -> float:
        """A linear warm-up, then half a cosine down to a hundredth."""
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        return self.rate * min(1.0, (step + 1) / self.warm_up) * (0.01 + 0.99 * cosine)

    def phase(self, progress: float) -> Phase:
        """What the pictures look like at a point of the training."""
        return next((stage.phase for stage in self.stages if progress < stage.until), self.stages[-1].phase)

    def averaging(self, step: int) -> float:
        """Weight of the past in the moving average of the weights: little at first."""
        return min(self.average, (1 + step) / (20 + step))
