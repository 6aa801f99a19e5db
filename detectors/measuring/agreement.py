"""How alike two models answer, on the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.overlap import overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.session import Found

OVERLAP: Final = 0.5
"""IoU from which two boxes are of one object."""
SLACK: Final = 0.8
"""Share of the least confidence at which the other model's box still counts: a box just above the threshold
in one and just below in the other is no disagreement."""


def boxes_agree(
    expected: Sequence[Found], received: Sequence[Found], confidence: float
) -> tuple[float, float]:
    """Of two detectors, each with what it found in every picture.

    Returns:
        The share of the boxes with at least ``confidence`` that the other detector finds, too (of the same
        class, IoU 0.5, at 0.8 of the confidence), of both detectors together; and the error: 1 minus the
        mean of overlap times ratio of the scores, which tells small differences apart.
    """
    matched, alike = [np.zeros(0, np.bool_)], [np.zeros(0, np.float32)]
    for one, other in zip(expected, received, strict=True):
        for mine, theirs in ((one, other), (other, one)):
            overlap, ratio, sure = _best(mine, theirs, confidence)
            matched.append((overlap >= OVERLAP) & sure)
            alike.append(overlap * ratio)
    together, likeness = np.concatenate(matched), np.concatenate(alike)
    if not len(together):
        return 1.0, 0.0
    return float(together.mean()), float(1 - likeness.mean())


def rows_agree(expected: NDArray[np.float32], received: NDArray[np.float32]) -> tuple[float, float]:
    """Of two classifiers, with their probabilities [n,classes].

    Returns:
        The share of pictures to which both give the same class, and the mean difference of probabilities.
    """
    same = expected.argmax(axis=1) == received.argmax(axis=1)
    return float(same.mean()), float(np.abs(expected - received).mean())


def _best(
    mine: Found, theirs: Found, confidence: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Of each of my sure boxes: overlap and ratio of scores of their best one, and whether they are sure."""
    sure = mine.scores >= confidence
    boxes, scores, classes = mine.boxes[sure], mine.scores[sure], mine.classes[sure]
    if not len(boxes) or not len(theirs.boxes):
        nothing = np.zeros(len(boxes), np.float32)
        return nothing, nothing, nothing > 0
    shared = overlaps(boxes, theirs.boxes) * (classes[:, None] == theirs.classes[None])
    # The surest of those that overlap enough; else the one that overlaps most.
    found = (shared >= OVERLAP) * (1 + theirs.scores[None]) + shared * 1e-3
    best = found.argmax(axis=1)
    overlap, score = shared[np.arange(len(boxes)), best], theirs.scores[best]
    ratio = np.minimum(scores, score) / np.maximum(scores, score)
    return overlap, ratio, score >= SLACK * confidence
