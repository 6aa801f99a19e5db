"""How much two boxes overlap."""

import tensorflow as tf

TINY = 1e-7
"""Keeps boxes without an area from being divided by."""


def iou(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Intersection over union of boxes [..., 4] xyxy, broadcast over the leading axes."""
    shared, union = _shared_and_union(first, second)
    return shared / union


def giou(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Generalised IoU (arXiv 1902.09630) of boxes [..., 4] xyxy, -1..1."""
    shared, union = _shared_and_union(first, second)
    hull = TINY + _area(
        tf.concat(
            [tf.minimum(first[..., :2], second[..., :2]), tf.maximum(first[..., 2:], second[..., 2:])], -1
        )
    )
    return shared / union - (hull - union) / hull


def _shared_and_union(first: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    reach = tf.minimum(first[..., 2:], second[..., 2:]) - tf.maximum(first[..., :2], second[..., :2])
    reach = tf.maximum(reach, 0.0)
    shared = reach[..., 0] * reach[..., 1]
    return shared, _area(first) + _area(second) - shared + TINY


def _area(boxes: tf.Tensor) -> tf.Tensor:
    left, top, right, bottom = tf.unstack(boxes, axis=-1)
    return (right - left) * (bottom - top)
