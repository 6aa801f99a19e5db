"""The Keras network: dense 3x3 convolutions, batch normalisation and ReLU, so that INT8 pays."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.nano.architecture import Concat, Conv, Layer, Merge, NetworkSpec, Pool, layers, outputs

EPSILON = 1e-3
MOMENTUM = 0.97
# Sigmoid of it is 0.01: nearly every cell is background, and the loss should say so from the first step.
RARE = -4.6


class FusedNorm(keras.layers.Layer):  # type: ignore[misc]
    """Batch normalisation in TensorFlow's fused kernel, with float32 statistics under bfloat16.

    `keras.layers.BatchNormalization` computes moments step by step: the whole training is 1.1 to 1.9 times
    slower with it on a CPU (by TensorFlow's thread settings).
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        def weight(name: str, initializer: str, trainable: bool) -> Any:
            return self.add_weight(
                name=name, shape=shape[-1:], initializer=initializer, trainable=trainable,
                dtype="float32", autocast=False,
            )  # fmt: skip

        self.gamma = weight("gamma", "ones", True)
        self.beta = weight("beta", "zeros", True)
        self.mean = weight("mean", "zeros", False)
        self.variance = weight("variance", "ones", False)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return self._normalise(inputs, self.mean.value, self.variance.value, False)[0]
        unknown = tf.zeros([0])
        result, mean, variance, *_ = self._normalise(inputs, unknown, unknown, True)
        self.mean.assign(self.mean.value * MOMENTUM + mean * (1 - MOMENTUM))
        self.variance.assign(self.variance.value * MOMENTUM + variance * (1 - MOMENTUM))
        return result

    def _normalise(self, inputs: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, training: bool) -> Any:
        return tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=self.gamma.value, offset=self.beta.value, mean=mean, variance=variance,
            epsilon=EPSILON, is_training=training,
        )  # fmt: skip


class NearIdentity(keras.initializers.Initializer):  # type: ignore[misc]
    """He initialisation; square 3x3 kernels also pass their input on, in place of skip connections."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        kernel = np.random.default_rng(self._seed).normal(size=shape)
        kernel *= math.sqrt(2 / math.prod(shape[:3]))
        if shape[0] == 3 and shape[2] == shape[3]:
            kernel[1, 1] += np.eye(shape[2])
        return tf.constant(kernel, dtype=dtype)


def build(spec: NetworkSpec, seed: int = 0) -> keras.Model:
    """A model from BGR 0..255 `[N, S, S, 3]` (S a multiple of 32) to the list of maps `outputs()`."""
    images = keras.Input((None, None, 3), name="images")
    values: dict[str, Any] = {"images": keras.layers.Rescaling(1 / 255, name="scale")(images)}
    for index, layer in enumerate(layers(spec)):
        values[layer.name] = _BUILDERS[type(layer)](layer, values, seed * 1000 + index)
    return keras.Model(images, [values[name] for name in outputs()], name="sightline_nano")


def _conv(layer: Conv, values: dict[str, Any], seed: int) -> Any:
    source = values[layer.source]
    if not layer.normed:
        bias = RARE if layer.name.startswith("cls") else math.log(2.0)
        return keras.layers.Conv2D(
            layer.width, layer.kernel, name=layer.name, padding="same",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01, seed=seed),
            bias_initializer=keras.initializers.Constant(bias),
        )(source)  # fmt: skip
    convolved = keras.layers.Conv2D(
        layer.width, layer.kernel, layer.stride, name=layer.name, padding="same", use_bias=False,
        kernel_initializer=NearIdentity(seed),
    )(source)  # fmt: skip
    return keras.layers.ReLU(name=f"{layer.name}_relu")(FusedNorm(name=f"{layer.name}_norm")(convolved))


def _pool(layer: Pool, values: dict[str, Any], seed: int) -> Any:
    return keras.layers.MaxPooling2D(5, 1, padding="same", name=layer.name)(values[layer.source])


def _concat(layer: Concat, values: dict[str, Any], seed: int) -> Any:
    return keras.layers.Concatenate(name=layer.name)([values[source] for source in layer.sources])


def _merge(layer: Merge, values: dict[str, Any], seed: int) -> Any:
    doubled = keras.layers.UpSampling2D(2, name=f"{layer.name}_up")(values[layer.coarser])
    return keras.layers.Add(name=layer.name)([values[layer.finer], doubled])


_BUILDERS: dict[type[Layer], Callable[[Any, dict[str, Any], int], Any]] = {
    Conv: _conv,
    Pool: _pool,
    Concat: _concat,
    Merge: _merge,
}
