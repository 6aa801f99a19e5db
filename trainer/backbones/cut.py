"""A network in two: what stays as it is, to be computed once for each picture, and what is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Both parts share their layers with the whole.

    Attributes:
        below: from pictures to all that the upper part needs, side by side, float32 [n,d].
        above: from there to what the whole answers.
    """

    below: Any
    above: Any


@keras.saving.register_keras_serializable("sightline")
class Part(layers.Layer):  # type: ignore[misc]
    """Columns of a row, in the shape of the tensor that they were."""

    def __init__(self, begin: int, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.begin, self.shape = begin, tuple(shape)

    def call(self, inputs: Any) -> Any:
        columns = inputs[:, self.begin : self.begin + int(np.prod(self.shape))]
        return keras.ops.reshape(columns, (-1, *self.shape))


def cut(model: Any, trained: Collection[str]) -> Cut:
    """A functional model with one input and one output, below the layers of these names."""
    border = _border(model, trained)
    rows = [layers.Flatten()(tensor) for tensor in border]
    below = keras.Model(model.input, layers.Concatenate()(rows) if len(rows) > 1 else rows[0])
    entry = keras.Input(below.output_shape[1:], name="below")
    parts, begin = [], 0
    for tensor in border:
        parts.append(Part(begin, tensor.shape[1:])(entry))
        begin += int(np.prod(tensor.shape[1:]))
    return Cut(below, keras.Model(entry, keras.Model(border, model.output)(parts)))


def _border(model: Any, trained: Collection[str]) -> list[Any]:
    """Tensors that depend on no trained layer, and are taken by what does."""
    later: set[int] = set()
    border: dict[int, Any] = {}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            given = node.input_tensors
            if node.operation.name in trained or any(id(each) in later for each in given):
                later |= {id(each) for each in node.outputs}
                border |= {id(each): each for each in given if id(each) not in later}
    return list(border.values())
