"""Which cell learns which object: task-aligned assignment (TOOD, arXiv 2108.07755)."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from trainer.nano.overlap import iou


class Truth(NamedTuple):
    """Objects of a batch: `boxes` float32 [B, M, 4] xyxy, `classes` int32 [B, M], `valid` bool [B, M]."""

    boxes: tf.Tensor
    classes: tf.Tensor
    valid: tf.Tensor


class Assignment(NamedTuple):
    """`targets` float32 [B, A, C]: how well each cell does as its object; `boxes` float32 [B, A, 4]."""

    targets: tf.Tensor
    boxes: tf.Tensor


@dataclass(frozen=True, slots=True)
class AssignerOptions:
    """Cells an object gets, exponents of score and overlap, least reach of an object in pixels."""

    cells: int = 10
    score_power: float = 0.5
    overlap_power: float = 6.0
    reach: float = 5.0


def assign(
    scores: tf.Tensor, boxes: tf.Tensor, points: tf.Tensor, truth: Truth, options: AssignerOptions
) -> Assignment:
    """Every object gets its best cells; a cell wanted by several objects goes to the one it overlaps most.

    Args:
        scores: Predicted probabilities, float32 [B, A, C].
        boxes: Predicted boxes, float32 [B, A, 4] xyxy in pixels.
        points: Cell centres, float32 [A, 2].
        truth: The objects, M a batch at most.
        options: The constants of the method.
    """
    inside = _inside(points, truth, options.reach)
    overlap = iou(truth.boxes[:, :, None], boxes[:, None]) * inside
    of_class = tf.gather(tf.transpose(scores, (0, 2, 1)), truth.classes, batch_dims=1)
    metric = of_class**options.score_power * overlap**options.overlap_power
    worst = tf.math.top_k(metric, options.cells, sorted=True).values[..., -1:]
    chosen = inside * tf.cast((metric >= worst) & (metric > 0), tf.float32)
    owner = tf.argmax(overlap * chosen, axis=1, output_type=tf.int32)
    objects = tf.range(tf.shape(truth.classes)[1])[None, :, None]
    chosen *= tf.cast(objects == owner[:, None], tf.float32)
    metric *= chosen
    best_metric = tf.reduce_max(metric, axis=2, keepdims=True)
    best_overlap = tf.reduce_max(overlap * chosen, axis=2, keepdims=True)
    quality = tf.reduce_max(tf.math.divide_no_nan(metric, best_metric) * best_overlap, axis=1)
    classes = tf.gather(truth.classes, owner, batch_dims=1)
    targets = tf.one_hot(classes, tf.shape(scores)[2]) * quality[..., None]
    return Assignment(targets, tf.gather(truth.boxes, owner, batch_dims=1))


def _inside(points: tf.Tensor, truth: Truth, reach: float) -> tf.Tensor:
    """1 where a cell centre lies in the object's box, a tiny box counting as one of `reach`: [B, M, A]."""
    centre = (truth.boxes[..., :2] + truth.boxes[..., 2:]) / 2
    half = tf.maximum((truth.boxes[..., 2:] - truth.boxes[..., :2]) / 2, reach)
    x_in = tf.abs(points[:, 0] - centre[..., 0, None]) < half[..., 0, None]
    y_in = tf.abs(points[:, 1] - centre[..., 1, None]) < half[..., 1, None]
    return tf.cast(x_in & y_in & truth.valid[..., None], tf.float32)
