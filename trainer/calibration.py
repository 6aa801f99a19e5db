"""Lets confidence mean what it says (temperature scaling, Guo et al. 2017); where to answer nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import minimize_scalar

from trainer.figures import cross_entropy, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLDEST: Final = 0.05
HOTTEST: Final = 20.0


def temperature(logits: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """By which logits [n,k] are divided, so that their probabilities fit ``truth`` [n] best."""

    def loss(exponent: float) -> float:
        return cross_entropy(softmax(logits, float(np.exp(exponent))), truth)

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def rejection(probabilities: NDArray[Any], truth: NDArray[np.int64], share: float) -> float:
    """The confidence below which it is "none of these": a ``share`` of the right answers lies below."""
    right = probabilities.argmax(axis=1) == truth
    if not right.any() or share <= 0:
        return 0.0
    return float(np.quantile(probabilities.max(axis=1)[right], share, method="lower"))
