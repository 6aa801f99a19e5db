"""What came of one training: answers to what was held out, the head, what phase 2 made of both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.figures import cross_entropy, softmax
from trainer.heads import Head, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from trainer.fitting import Curve


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """What phase 2 made of it: logits of the held-out pictures, head, the backbone's top weights, epochs."""

    logits: NDArray[Any]
    head: Head
    top: list[NDArray[Any]]
    epochs: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One training.

    Attributes:
        held: numbers of the pictures that were held out.
        frozen_logits: of them after phase 1, [len(held), k].
        frozen_head: as it was then.
        epochs: of phase 1 that were best, from 1.
        tuned: by phase 2, where there was one.
        curves: of each phase.
    """

    held: NDArray[np.int64]
    frozen_logits: NDArray[Any]
    frozen_head: Head
    epochs: int
    tuned: Tuned | None = None
    curves: dict[str, list[Curve]] = field(default_factory=dict)

    @property
    def logits(self) -> NDArray[Any]:
        return self.tuned.logits if self.tuned else self.frozen_logits

    @property
    def head(self) -> Head:
        return self.tuned.head if self.tuned else self.frozen_head

    @property
    def top(self) -> list[NDArray[Any]]:
        return self.tuned.top if self.tuned else []

    def without(self) -> Outcome:
        """As it was before phase 2."""
        return replace(self, tuned=None)


@dataclass(frozen=True, slots=True, order=True)
class Worth:
    """What answers are worth: of as many right ones those that are surer of them are better.

    Attributes:
        accuracy: of held-out pictures.
        likelihood: mean of the logarithms of what the truth was given.
    """

    accuracy: float
    likelihood: float


def worth(outcomes: Sequence[Outcome], truth: NDArray[np.int64]) -> Worth:
    """Of all pictures that were held out; ``truth`` is the class of every picture."""
    rows = truth[np.concatenate([each.held for each in outcomes])]
    logits = np.concatenate([each.logits for each in outcomes])
    return Worth(float((logits.argmax(axis=1) == rows).mean()), -cross_entropy(softmax(logits), rows))


def packed(outcome: Outcome) -> dict[str, Any]:
    """As arrays."""
    head, tuned = outcome.frozen_head, outcome.tuned
    arrays = {
        "held": outcome.held, "logits": outcome.frozen_logits, "kernel": head.kernel, "bias": head.bias,
        "mean": head.scale.mean, "factor": head.scale.factor, "epochs": np.array(outcome.epochs),
        "curves": np.array(json.dumps(outcome.curves)),
    }  # fmt: skip
    if tuned is None:
        return arrays
    top = {f"top:{number}": array for number, array in enumerate(tuned.top)}
    return {
        **arrays, **top, "tuned_logits": tuned.logits, "tuned_kernel": tuned.head.kernel,
        "tuned_bias": tuned.head.bias, "tuned_epochs": np.array(tuned.epochs),
    }  # fmt: skip


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> Outcome:
    """From ``packed``."""
    scale = Scale(arrays["mean"], arrays["factor"])
    tuned = None
    if "tuned_logits" in arrays:
        top = [arrays[f"top:{number}"] for number in range(sum(name.startswith("top:") for name in arrays))]
        head = Head(scale, arrays["tuned_kernel"], arrays["tuned_bias"])
        tuned = Tuned(arrays["tuned_logits"], head, top, int(arrays["tuned_epochs"]))
    head = Head(scale, arrays["kernel"], arrays["bias"])
    curves = json.loads(str(arrays["curves"]))
    return Outcome(arrays["held"], arrays["logits"], head, int(arrays["epochs"]), tuned, curves)
