"""How alike two models answer."""

import numpy as np
import pytest

from detectors.measuring.agreement import boxes_agree, rows_agree
from detectors.session import Found


def found(*rows: tuple[float, float, int]) -> Found:
    """Boxes of 10 by 10 pixels at x, with their score and class."""
    x = np.array([row[0] for row in rows], np.float32)
    boxes = np.stack([x, x * 0, x + 10, x * 0 + 10], axis=1) if rows else np.zeros((0, 4), np.float32)
    scores, classes = (np.array([row[place] for row in rows]) for place in (1, 2))
    return Found(boxes, scores.astype(np.float32), classes.astype(np.int64), np.zeros(len(rows), np.int64))


def test_the_same_agrees_wholly() -> None:
    one = [found((0, 0.9, 1), (50, 0.6, 0)), found()]
    assert boxes_agree(one, one, 0.5) == (1.0, pytest.approx(0))


def test_nothing_on_both_sides_is_no_disagreement() -> None:
    assert boxes_agree([found()], [found()], 0.5) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("other", "agreement"),
    [
        (found((3, 0.9, 1)), 1.0),  # IoU 0.54
        (found((4, 0.9, 1)), 0.0),  # IoU 0.43
        (found((0, 0.9, 2)), 0.0),
        (found(), 0.0),
        (found((0, 0.41, 1)), 1.0),  # below the confidence, above 0.8 of it
        (found((0, 0.39, 1)), 0.0),
        (found((0, 0.9, 1), (50, 0.6, 0)), 2 / 3),
        (found((0, 0.9, 1), (50, 0.45, 0)), 1.0),  # not sure: counts for neither
    ],
)
def test_boxes_agree_by_class_place_and_confidence(other: Found, agreement: float) -> None:
    one = found((0, 0.9, 1))
    assert boxes_agree([one], [other], 0.5)[0] == pytest.approx(agreement)
    assert boxes_agree([other], [one], 0.5)[0] == pytest.approx(agreement)


def test_the_error_tells_small_differences_apart() -> None:
    errors = [boxes_agree([found((0, 0.9, 1))], [found((x, 0.9, 1))], 0.5)[1] for x in (0, 1, 2, 3)]
    assert errors == sorted(errors)
    assert errors[0] < 1e-6 < errors[1]
    assert boxes_agree([found((0, 0.9, 1))], [found((0, 0.45, 1))], 0.5)[1] == pytest.approx(0.5)


def test_rows_agree_by_their_best_class() -> None:
    one = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    agreement, error = rows_agree(one, one[:, ::-1])
    assert (agreement, error) == (0.0, pytest.approx(0.7))
    assert rows_agree(one, one) == (1.0, 0.0)
