"""The assignment in the graph against plain loops."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.nano.assigner import AssignerOptions, Truth, assign
from trainer.nano.grid import grid

OPTIONS = AssignerOptions(cells=4)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)


def plain(
    scores: np.ndarray, boxes: np.ndarray, points: np.ndarray, truth: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, dict[int, int]]:
    """Targets [A, C] and the object of every taken cell, for one picture."""
    claims: dict[int, dict[int, tuple[float, float]]] = {}
    for number, (box, label) in enumerate(zip(*truth, strict=True)):
        centre, half = (box[:2] + box[2:]) / 2, np.maximum((box[2:] - box[:2]) / 2, OPTIONS.reach)
        found = []
        for cell, point in enumerate(points):
            if (np.abs(point - centre) < half).all():
                shared = overlap(box, boxes[cell])
                metric = scores[cell, label] ** OPTIONS.score_power * shared**OPTIONS.overlap_power
                if metric > 0:
                    found.append((metric, shared, cell))
        for metric, shared, cell in sorted(found, reverse=True)[: OPTIONS.cells]:
            claims.setdefault(cell, {})[number] = (metric, shared)
    owners = {cell: max(wanting, key=lambda n: wanting[n][1]) for cell, wanting in claims.items()}
    targets = np.zeros_like(scores)
    for number, label in enumerate(truth[1]):
        mine = {cell: claims[cell][number] for cell, owner in owners.items() if owner == number}
        for cell, (metric, _) in mine.items():
            best_metric = max(value for value, _ in mine.values())
            targets[cell, label] = metric / best_metric * max(shared for _, shared in mine.values())
    return targets, owners


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = grid(64)
    reach = rng.uniform(2, 40, (len(cells.points), 4))
    boxes = np.concatenate([cells.points - reach[:, :2], cells.points + reach[:, 2:]], axis=1)
    scores = rng.uniform(0.01, 0.9, (len(boxes), 3))
    corner = rng.uniform(0, 40, (5, 2))
    objects = np.concatenate([corner, corner + rng.uniform(3, 30, (5, 2))], axis=1)
    labels = rng.integers(0, 3, 5)

    padded = Truth(
        tf.constant(np.concatenate([objects, np.zeros((2, 4))])[None], tf.float32),
        tf.constant(np.concatenate([labels, [0, 0]])[None], tf.int32),
        tf.constant([[True] * 5 + [False] * 2]),
    )
    points = tf.constant(cells.points)
    given = assign(
        tf.constant(scores[None], tf.float32), tf.constant(boxes[None], tf.float32), points, padded, OPTIONS
    )

    targets, owners = plain(scores, boxes, cells.points, (objects, labels))
    np.testing.assert_allclose(given.targets[0], targets, rtol=1e-3, atol=1e-6)
    assert owners, "an empty assignment shows nothing"
    for cell, owner in owners.items():
        np.testing.assert_allclose(given.boxes[0, cell], objects[owner], rtol=1e-6)


def test_nothing_to_find_gives_nothing() -> None:
    cells = grid(32)
    amount = len(cells.points)
    nobody = Truth(tf.zeros((1, 1, 4)), tf.zeros((1, 1), tf.int32), tf.constant([[False]]))
    given = assign(
        tf.fill((1, amount, 2), 0.5), tf.ones((1, amount, 4)), tf.constant(cells.points), nobody, OPTIONS
    )
    assert float(tf.reduce_sum(given.targets)) == 0
