"""Networks in Keras, from prepared pictures to pooled features of several depths."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from trainer.backbones.keras_graph import written
from trainer.backbones.prepared import prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec


@dataclass(slots=True, eq=False)
class Network:
    """A backbone in Keras; see ``backbone.Backbone`` and ``backbone.Tunable``."""

    name: str
    input: InputSpec
    about: str
    model: Any
    blocks: tuple[tuple[str, ...], ...]
    key: str = ""
    _answer: Any = None

    def __post_init__(self) -> None:
        digest = hashlib.sha256(
            f"{self.name} {self.model.output_shape} {self.input.model_dump_json()}".encode()
        )
        for weight in self.model.weights:
            digest.update(weight.path.encode() + memoryview(weight.numpy()).tobytes())
        self.key = digest.hexdigest()

    @property
    def depths(self) -> tuple[int, ...]:
        return (self.model.output_shape[-1],)

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self._answer is None:
            self._answer = tf.function(lambda x: self.model(x, training=False), reduce_retracing=True)
        return np.asarray(self._answer(prepared(pictures, self.input)), np.float32)

    def graph(self) -> onnx.ModelProto:
        return written(self.model, self.input)


def pooled(entry: Any, taps: Sequence[Any]) -> keras.Model:
    """The model whose output is mean and maximum of every tap, side by side."""
    rows = [
        pool()(tap) for tap in taps for pool in (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
    ]
    return keras.Model(entry, layers.Concatenate(name="features")(rows), name="backbone")
