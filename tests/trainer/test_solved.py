"""The head in closed form, against what it stands for: solving anew without each group."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.figures import softmax
from trainer.solved import PENALTIES, Lessons, _kernel, _without_each_group, solved


def lessons(count: int = 40, width: int = 12, classes: int = 3, noise: float = 0.6) -> Lessons:
    """Rows of length about 1 around a middle for each class; every other picture weighs twice."""
    rng = np.random.default_rng(count)
    truth = np.arange(count) % classes
    middles = rng.normal(0, 1, (classes, width))
    rows = (middles[truth] + rng.normal(0, noise, (count, width))) / np.sqrt(width)
    weights = np.where(np.arange(count) % 2, 1.0, 2.0)
    return Lessons(
        rows.astype(np.float32),
        np.eye(classes, dtype=np.float32)[truth],
        weights.astype(np.float32),
        np.arange(count) // 5,
    )


def plainly(some: Lessons, penalty: float, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """What ridge regression answers, by its normal equations, a bias beside that is not held small."""
    beside = np.hstack([some.rows, np.ones((len(some.rows), 1))]).astype(np.float64)
    weighed = beside * some.weights[:, None]
    held = penalty * np.diag([*np.ones(some.rows.shape[1]), 0.0])
    kernel = np.linalg.solve(beside.T @ weighed + held, weighed.T @ some.targets)
    answers: NDArray[np.float64] = np.hstack([rows, np.ones((len(rows), 1))]) @ kernel
    return answers


def test_what_is_left_out_is_answered_as_if_it_had_not_been_there() -> None:
    some = lessons()
    for penalty, answers in _without_each_group(some):
        for group in np.unique(some.groups):
            out = some.groups == group
            rest = some.of(np.flatnonzero(~out))
            # The middle of the rows stays that of all: it is the bias that is solved anew.
            np.testing.assert_allclose(answers[out], plainly(rest, penalty, some.rows[out]), atol=1e-6)


@pytest.mark.parametrize(("count", "width"), [(40, 12), (12, 40), (5000, 6)])
def test_the_head_is_that_of_ridge_regression(count: int, width: int) -> None:
    some = lessons(count, width)
    for penalty in PENALTIES:
        share = some.weights / some.weights.sum()
        answers = (some.rows - share @ some.rows) @ _kernel(some, penalty) + share @ some.targets
        np.testing.assert_allclose(answers, plainly(some, penalty, some.rows), atol=1e-4)


def test_answers_are_as_sure_as_they_are_right() -> None:
    whole = lessons(1060, 40, noise=2.0)
    kernel, bias = solved(whole.of(np.arange(60)))
    shares = softmax(whole.rows[60:] @ kernel + bias)
    right = shares.argmax(axis=1) == whole.targets[60:].argmax(axis=1)
    assert 0.6 < right.mean() < 0.95
    assert shares.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.1)


def test_pictures_of_one_group_do_not_vouch_for_each_other() -> None:
    """Each is there five times: what copies say of each other would take the smallest penalty."""
    once = lessons(60, 40, 2, noise=4.0)
    each = np.arange(60).repeat(5)
    copies = replace(once.of(each), groups=each)
    apart = replace(copies, groups=np.arange(300))
    assert np.abs(solved(copies)[0]).max() < np.abs(solved(apart)[0]).max()
