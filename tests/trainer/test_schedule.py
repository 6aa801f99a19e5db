"""Each schedule's values, and when a training stops."""

import math

import pytest

from trainer.schedule import Schedule
from trainer.stopping import EarlyStopping, Patience


def test_constant_stays() -> None:
    assert {Schedule("constant", 0.3).at(epoch, 10) for epoch in (0, 3.5, 10)} == {0.3}


def test_exponential_is_a_staircase() -> None:
    schedule = Schedule("exponential", 0.8, decay=0.5, decay_epochs=2)
    assert [schedule.at(epoch, 10) for epoch in (0, 1.99, 2, 3.5, 4, 9)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.05]


def test_polynomial_falls_to_its_end_by_its_power() -> None:
    straight = Schedule("polynomial", 1.0, end_rate=0.2, power=1)
    assert [straight.at(epoch, 4) for epoch in (0, 1, 2, 4, 9)] == pytest.approx([1.0, 0.8, 0.6, 0.2, 0.2])
    bent = Schedule("polynomial", 1.0, end_rate=0.0, power=2)
    assert bent.at(2, 4) == pytest.approx(0.25)


def test_cosine_falls_along_half_a_wave() -> None:
    schedule = Schedule("cosine", 1.0, end_rate=0.0)
    assert [schedule.at(epoch, 4) for epoch in range(5)] == pytest.approx(
        [(1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(5)]
    )


def judged(patience: Patience | None, values: list[float]) -> tuple[EarlyStopping, int | None]:
    """After these values: the state, and the epoch it stopped at."""
    stopping = EarlyStopping(patience)
    for epoch, value in enumerate(values):
        if stopping.judge(epoch, value).stop:
            return stopping, epoch
    return stopping, None


def test_stops_on_loss_that_no_longer_falls() -> None:
    stopping, stopped = judged(Patience("loss", 0.0, 2), [1.0, 0.5, 0.6, 0.55, 0.1])
    assert (stopped, stopping.best_epoch, stopping.best) == (3, 1, 0.5)


def test_stops_on_accuracy_that_no_longer_rises() -> None:
    stopping, stopped = judged(Patience("accuracy", 0.0, 2), [0.5, 0.7, 0.6, 0.7, 0.9])
    assert (stopped, stopping.best_epoch, stopping.best) == (3, 1, 0.7)


def test_less_than_min_delta_is_no_gain() -> None:
    values = [1.0, 0.95, 0.91, 0.9, 0.89]
    assert judged(Patience("loss", 0.2, 3), values)[1] == 3
    assert judged(Patience("loss", 0.01, 3), values)[1] is None


def test_without_patience_it_only_remembers_the_best() -> None:
    stopping, stopped = judged(None, [1.0, 0.5, *[2.0] * 50])
    assert (stopped, stopping.best_epoch) == (None, 1)


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    assert judged(Patience("loss", 0.0, 9), [math.nan, 1.0, math.nan])[0].best_epoch == 1
