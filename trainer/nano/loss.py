"""What a prediction costs: classes against the quality of their box, boxes by generalised IoU."""

from typing import NamedTuple

import tensorflow as tf

from trainer.nano.assigner import AssignerOptions, Truth, assign
from trainer.nano.grid import Grid
from trainer.nano.overlap import giou

BOX_GAIN = 2.5


class Loss(NamedTuple):
    """Scalars: the sum that is minimised, and its two parts."""

    total: tf.Tensor
    classes: tf.Tensor
    boxes: tf.Tensor


def flatten(maps: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """The six output maps as logits float32 [B, A, C] and distances float32 [B, A, 4]."""
    flat = [tf.cast(tf.reshape(item, (tf.shape(item)[0], -1, item.shape[-1])), tf.float32) for item in maps]
    half = len(flat) // 2
    return tf.concat(flat[:half], axis=1), tf.concat(flat[half:], axis=1)


def decode(distances: tf.Tensor, grid: Grid) -> tf.Tensor:
    """Boxes float32 [B, A, 4] xyxy in input pixels of log(left, top, right, bottom / stride)."""
    pixels = tf.exp(tf.clip_by_value(distances, -6.0, 6.0)) * grid.strides[:, None]
    return tf.concat([grid.points - pixels[..., :2], grid.points + pixels[..., 2:]], axis=-1)


def detection_loss(maps: list[tf.Tensor], grid: Grid, truth: Truth, weights: tf.Tensor) -> Loss:
    """The loss of a batch.

    Args:
        maps: The outputs of the network.
        grid: The grid of the input size.
        truth: The objects.
        weights: [B, A, C], 0 where a cell must not learn that a class is absent: the class is not labelled
            in that picture, or the cell lies in a crowd.
    """
    logits, distances = flatten(maps)
    boxes = decode(distances, grid)
    scores = tf.stop_gradient(tf.sigmoid(logits))
    given = assign(scores, tf.stop_gradient(boxes), tf.constant(grid.points), truth, AssignerOptions())
    targets = tf.stop_gradient(given.targets)
    amount = tf.maximum(tf.reduce_sum(targets), 1.0)
    matters = tf.where(targets > 0, 1.0, tf.cast(weights, tf.float32))
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=targets)
    classes = tf.reduce_sum(entropy * matters) / amount
    quality = tf.reduce_sum(targets, axis=-1)
    fit = tf.reduce_sum((1.0 - giou(boxes, tf.stop_gradient(given.boxes))) * quality) / amount
    return Loss(classes + BOX_GAIN * fit, classes, fit)
