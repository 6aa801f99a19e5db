"""One network under training: a step, answers, and its state; on one device or on several."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LONGEST_GRADIENT: Final = 5.0
BATCH: Final = 64
"""Of answers; training has its own."""


class Learner:
    """A model that answers logits, with Adam (Kingma and Ba 2015) and one compiled step.

    Keras's own ``fit`` fails on several workers; this step is run by the strategy, which sums the gradients.
    """

    def __init__(self, model: Any, l2: float, strategy: Any = None) -> None:
        """
        Args:
            model: of Keras, made in the strategy's scope; its last layer with a kernel is the head.
            l2: weight of the head's squared kernel in the loss.
            strategy: of tf.distribute; None is one device.
        """
        self.model = model
        self._l2 = l2
        self._strategy = strategy
        self._trained = list(model.trainable_variables)
        with strategy.scope() if strategy else tf.name_scope(""):
            self._rate = tf.Variable(0.0, trainable=False)
            self._count = tf.Variable(0, trainable=False, dtype=tf.int64)
            self._moments = [
                [tf.Variable(tf.zeros(each.shape), trainable=False) for each in self._trained]
                for _ in range(2)
            ]
        self._step = tf.function(self._run, reduce_retracing=True)
        self._answer = tf.function(
            lambda x: tf.cast(self.model(x, training=False), tf.float32), reduce_retracing=True
        )

    def learn(self, inputs: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any], rate: float) -> float:
        """One step on a batch: inputs [b,..], targets [b,k] that sum to 1, weights [b]; returns the loss."""
        self._rate.assign(rate)
        return float(
            self._step(*self._shards(inputs, targets, weights), tf.constant(len(inputs), tf.float32))
        )

    def logits(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Of inputs [n,..]: float32 [n,k]."""
        parts = [
            np.asarray(self._answer(inputs[start : start + BATCH])) for start in range(0, len(inputs), BATCH)
        ]
        return np.concatenate(parts)

    def weights(self) -> list[NDArray[Any]]:
        """Those that are trained."""
        return [_value(each) for each in self._trained]

    def set_weights(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self._trained, values, strict=True):
            variable.assign(value)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that the next step depends on."""
        return {str(number): _value(each) for number, each in enumerate(self._all())}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        for number, variable in enumerate(self._all()):
            variable.assign(state[str(number)])

    def forget(self) -> None:
        """Begin anew, but for the weights."""
        for variable in (self._count, *self._moments[0], *self._moments[1]):
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    def _all(self) -> list[Any]:
        return [*self._trained, self._count, *self._moments[0], *self._moments[1]]

    def _shards(self, *arrays: NDArray[Any]) -> list[Any]:
        """Each replica's part of a batch; the whole of it on one device."""
        if not self._strategy:
            return [tf.constant(array) for array in arrays]

        def part(array: NDArray[Any]) -> Any:
            def of(context: Any) -> Any:
                return tf.constant(array[context.replica_id_in_sync_group :: context.num_replicas_in_sync])

            return self._strategy.experimental_distribute_values_from_function(of)

        return [part(array) for array in arrays]

    def _run(self, inputs: Any, targets: Any, weights: Any, count: Any) -> Any:
        if not self._strategy:
            return self._learn(inputs, targets, weights, count)
        losses = self._strategy.run(self._learn, (inputs, targets, weights, count))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    def _learn(self, inputs: Any, targets: Any, weights: Any, count: Any) -> Any:
        replicas = self._strategy.num_replicas_in_sync if self._strategy else 1
        with tf.GradientTape() as tape:
            logits = tf.cast(self.model(inputs, training=False), tf.float32)
            each = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
            kernel = tf.cast(self._trained[-2], tf.float32)
            loss = tf.reduce_sum(each * weights) / count + self._l2 * tf.nn.l2_loss(kernel) / replicas
        gradients = tape.gradient(loss, self._trained)
        if self._strategy:
            gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        self._adam(tf.clip_by_global_norm(gradients, LONGEST_GRADIENT)[0])
        return loss

    def _adam(
        self, gradients: list[Any], beta: float = 0.9, beta2: float = 0.999, small: float = 1e-7
    ) -> None:
        # Every replica computes the same from the summed gradients, so none has to ask another.
        self._count.assign(self._count + 1)
        steps = tf.cast(self._count, tf.float32)
        rate = self._rate * tf.sqrt(1 - beta2**steps) / (1 - beta**steps)
        for variable, gradient, first, second in zip(self._trained, gradients, *self._moments, strict=True):
            first.assign(first * beta + gradient * (1 - beta))
            second.assign(second * beta2 + tf.square(gradient) * (1 - beta2))
            variable.assign(variable - rate * first / (tf.sqrt(second) + small))


@contextlib.contextmanager
def computing_in(policy: str | None, model: Any) -> Iterator[None]:
    """Meanwhile the layers of a model compute by another policy of precision; None changes nothing."""
    inner = [layer for layer in model.layers if policy and not isinstance(layer, keras.layers.InputLayer)]
    before = [layer.dtype_policy for layer in inner]
    for layer in inner:
        layer.dtype_policy = policy
    try:
        yield
    finally:
        for layer, kept in zip(inner, before, strict=True):
            layer.dtype_policy = kept


def _value(variable: Any) -> NDArray[Any]:
    """A copy, of the first device's where there are several."""
    return np.array(tf.convert_to_tensor(variable).numpy())


@keras.saving.register_keras_serializable("sightline")
class FeatureScale(keras.layers.Layer):  # type: ignore[misc]
    """Shifts and scales each feature, as it was over the training pictures."""

    def __init__(self, mean: NDArray[Any], factor: NDArray[Any], **options: Any) -> None:
        super().__init__(**options)
        self.mean, self.factor = np.asarray(mean, np.float32), np.asarray(factor, np.float32)

    def call(self, inputs: Any) -> Any:
        return (inputs - self.mean) * self.factor
