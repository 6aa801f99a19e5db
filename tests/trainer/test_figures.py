"""Figures against plain arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.calibration import rejection, temperature
from trainer.figures import measure, softmax, wilson

PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.95, 0.05]])
TRUTH = np.array([0, 1, 1, 0, 0])


def test_measures_by_hand() -> None:
    figures = measure(PROBABILITIES, TRUTH, ("a", "b"))
    assert figures.accuracy == pytest.approx(3 / 5)
    assert figures.confusion == ((2, 1), (1, 1))
    assert figures.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)
    a, b = figures.per_class
    assert (a.precision, a.recall, b.precision, b.recall) == pytest.approx((2 / 3, 2 / 3, 1 / 2, 1 / 2))
    # One answer a bin, but for 0.9 and 0.95, both right.
    assert figures.ece == pytest.approx((2 * 0.075 + 0.8 + 0.3 + 0.6) / 5)


def test_a_class_that_is_never_answered_has_no_precision() -> None:
    figures = measure(np.array([[0.9, 0.1, 0.0]] * 2), np.array([0, 1]), ("a", "b", "c"))
    assert [each.precision for each in figures.per_class] == [0.5, None, None]
    assert [each.recall for each in figures.per_class] == [1.0, 0.0, None]
    assert figures.balanced_accuracy == 0.5


def test_wilson_as_published() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_interval_holds_the_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] + 1e-12
    assert pair[0] / pair[1] - 1e-12 <= high <= 1


def test_the_temperature_that_was_put_on_is_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    rows = softmax(logits)
    truth = np.array([rng.choice(3, p=row) for row in rows])
    assert temperature(logits * 4, truth) == pytest.approx(4, rel=0.1)


def test_rejection_turns_away_the_share_of_right_answers_that_was_allowed() -> None:
    confidence = np.linspace(0.5, 1, 101)
    rows = np.stack([confidence, 1 - confidence], axis=1)
    limit = rejection(rows, np.zeros(101, np.int64), 0.1)
    assert (confidence < limit).sum() == 10
    assert rejection(rows, np.zeros(101, np.int64), 0.0) == 0.0
