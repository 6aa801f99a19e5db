"""What counts in the loss, and what must not."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.nano.assigner import Truth
from trainer.nano.augment import Part, Sample, Window
from trainer.nano.batches import Batch, collate
from trainer.nano.grid import grid
from trainer.nano.loss import Loss, detection_loss
from trainer.nano.overlap import giou

SIZE = 64
CELLS = grid(SIZE)
PERSON, CAR = 0, 1


def batch(ignored: bool, labelled: tuple[bool, bool]) -> Batch:
    """Two people, the second at the right a crowd if `ignored`."""
    part = Part(
        Window(0, 0, SIZE, SIZE),
        boxes=np.array([[4, 8, 20, 50], [36, 8, 60, 56]], np.float32),
        classes=np.array([PERSON, PERSON]),
        ignored=np.array([False, ignored]),
        labelled=np.array(labelled),
    )
    return collate([Sample(np.zeros((SIZE, SIZE, 3), np.uint8), (part,))], CELLS)


def maps(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [(1, SIZE // stride, SIZE // stride, channels) for channels in (2, 4) for stride in (8, 16, 32)]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def loss(outputs: list[np.ndarray], given: Batch) -> Loss:
    truth = Truth(tf.constant(given.boxes), tf.constant(given.classes), tf.constant(given.valid))
    return detection_loss([tf.constant(item) for item in outputs], CELLS, truth, tf.constant(given.weights))


def raised(label: int, row: int, column: int) -> list[np.ndarray]:
    """The finest map's logit of a class at one cell, put up."""
    outputs = maps()
    outputs[0][0, row, column, label] += 3
    return outputs


def test_a_crowd_costs_nothing_in_its_class_and_place() -> None:
    given = batch(ignored=True, labelled=(True, True))
    before = loss(maps(), given)
    assert float(loss(raised(PERSON, 3, 6), given).total) == pytest.approx(float(before.total))
    assert float(loss(raised(CAR, 3, 6), given).total) > float(before.total) + 0.1
    assert float(loss(raised(PERSON, 0, 3), given).total) > float(before.total) + 0.1


def test_an_unlabelled_class_costs_nothing() -> None:
    given = batch(ignored=False, labelled=(True, False))
    before = loss(maps(), given)
    assert float(loss(raised(CAR, 0, 3), given).total) == pytest.approx(float(before.total))
    assert float(loss(raised(PERSON, 0, 3), given).total) > float(before.total) + 0.1


def test_a_known_object_of_an_unlabelled_class_is_still_learnt() -> None:
    unlabelled = loss(maps(), batch(ignored=False, labelled=(False, True)))
    assert float(unlabelled.boxes) > 0
    assert float(unlabelled.boxes) == pytest.approx(float(loss(maps(), batch(False, (True, True))).boxes))


def test_giou_of_equal_touching_and_distant_boxes() -> None:
    first = tf.constant([[0.0, 0, 10, 10]] * 3)
    second = tf.constant([[0.0, 0, 10, 10], [10, 0, 20, 10], [90, 0, 100, 10]])
    np.testing.assert_allclose(giou(first, second), [1, 0, -0.8], atol=1e-5)
