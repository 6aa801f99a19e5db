"""The models that are trained: a head on features, or the top of a backbone with its head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import layers

from trainer.backbones.cut import Cut, cut
from trainer.learner import FeatureScale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trainer.backbones.backbone import Tunable

FLAT: Final = 1e-3
"""Added to deviations: a feature that never changes stays small."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """How features [d] are brought to mean 0 and, all together, to length 1: a share from each depth."""

    mean: NDArray[np.float32]
    factor: NDArray[np.float32]

    def of(self, features: NDArray[Any]) -> NDArray[Any]:
        """Features [n,d], brought there."""
        scaled: NDArray[Any] = (features - self.mean) * self.factor
        return scaled


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A trained head: logits are ``(features - mean) * factor @ kernel + bias``."""

    scale: Scale
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, features: NDArray[Any]) -> NDArray[np.float64]:
        scaled = self.scale.of(features.astype(np.float64))
        rows: NDArray[np.float64] = scaled @ self.kernel.astype(np.float64) + self.bias
        return rows

    def folded(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel [d,k] and bias [k] with the scale in them."""
        kernel = self.kernel.astype(np.float64) * self.scale.factor[:, None]
        bias = self.bias - self.scale.mean.astype(np.float64) @ kernel
        return kernel.astype(np.float32), bias.astype(np.float32)


def scale_of(features: NDArray[np.float32], depths: Sequence[int]) -> Scale:
    """Of training pictures [n,d]; so many of the features come from each depth."""
    deviation = features.std(axis=0) + FLAT
    # By the root of their number, so that a rate of learning means the same for few features and for many,
    # and the few channels of an early depth are not lost among those of a late one.
    factor = 1 / (deviation * np.sqrt(np.repeat(depths, depths) * len(depths)))
    return Scale(features.mean(axis=0), factor.astype(np.float32))


def head_model(head: Head) -> Any:
    """From features to logits; it begins as this head."""
    entry = keras.Input((len(head.scale.mean),), name="features")
    return _headed(entry, entry, head)


def cut_of(backbone: Tunable, blocks: int) -> Cut:
    """The backbone below its top ``blocks``, and these, the only layers that are to be trained."""
    trained = {name for block in backbone.blocks[max(0, len(backbone.blocks) - blocks) :] for name in block}
    for layer in backbone.model.layers:
        layer.trainable = layer.name in trained
    return cut(backbone.model, trained)


def top_model(upper: Any, head: Head) -> Any:
    """From rows of the lower part to logits: the upper part of a backbone, with its head."""
    return _headed(upper.input, upper.output, head)


def _headed(entry: Any, features: Any, head: Head) -> Any:
    top = layers.Dense(len(head.bias), dtype="float32", name="head")
    model = keras.Model(entry, top(FeatureScale(head.scale.mean, head.scale.factor)(features)))
    top.set_weights([head.kernel, head.bias])
    return model


def head_of(scale: Scale, weights: Sequence[NDArray[Any]]) -> Head:
    """The head from the last two weights of a learner."""
    return Head(scale, np.asarray(weights[-2], np.float32), np.asarray(weights[-1], np.float32))
