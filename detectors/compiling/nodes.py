"""Writes ONNX nodes one call at a time, so that a decode reads like the arithmetic it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(slots=True)
class Nodes:
    """A piece of graph under construction. Tensors are named by strings, as in ONNX.

    Attributes:
        prefix: begins every name made here, so that pieces can be merged.
    """

    prefix: str
    written: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node of this operator; returns the name of its output."""
        return self.ops(kind, inputs, 1, **attributes)[0]

    def ops(self, kind: str, inputs: tuple[str, ...], outputs: int, **attributes: Any) -> tuple[str, ...]:
        """One node with several outputs; returns their names."""
        names = tuple(f"{self.prefix}{kind}_{len(self.written)}_{number}" for number in range(outputs))
        self.written.append(helper.make_node(kind, list(inputs), list(names), **attributes))
        return names

    def floats(self, values: ArrayLike) -> str:
        """A float32 constant."""
        return self._constant(np.asarray(values, np.float32))

    def ints(self, values: ArrayLike) -> str:
        """An int64 constant."""
        return self._constant(np.asarray(values, np.int64))

    def named(self, name: str, value: str) -> None:
        """Let the tensor ``value`` also be called ``name``."""
        self.written.append(helper.make_node("Identity", [value], [name]))

    def slice(self, tensor: str, axis: int, start: int, stop: int) -> str:
        """``tensor[..., start:stop, ...]`` along ``axis``."""
        return self.op("Slice", tensor, self.ints([start]), self.ints([stop]), self.ints([axis]))

    def rows(self, tensor: str, cells: str) -> str:
        """Of ``tensor`` [n,cells,channels] the rows ``cells`` [n,k], as [n,k,channels]."""
        which = self.op("Unsqueeze", cells, self.ints([2]))
        return self.op("GatherND", tensor, which, batch_dims=1)

    def columns(self, tensor: str, channels: int, cells: str) -> str:
        """Of ``tensor`` [n,channels,cells] the columns ``cells`` [n,k], as [n,channels,k]."""
        # One output element an index: reads only what is asked for, where Transpose would copy everything.
        pictures = self.op("Unsqueeze", cells, self.ints([1]))
        index = self.op("Tile", pictures, self.ints([1, channels, 1]))
        return self.op("GatherElements", tensor, index, axis=2)

    def _constant(self, value: NDArray[Any]) -> str:
        name = f"{self.prefix}constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name
