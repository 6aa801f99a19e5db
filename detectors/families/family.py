"""What a family of detectors is: how to recognise its models and how to read their outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.manifest import InputSpec


Shape = tuple[int | None, ...]
Form = Literal["", "cxcywh", "xywh", "xyxy", "yxyx"]
"""What the four numbers of a box are: its centre or its first corner, and its size; or two corners."""
Numbering = Literal["", "zero", "one", "coco", "coco-zero"]
"""Number of the first class; or those of COCO's annotations, from 1 on, with gaps; or these less one."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model file says about itself.

    Attributes:
        width: of its input, pixels.
        height: of its input, pixels.
        outputs: shape of every output by name, in order; None for a dimension that is not fixed.
        metadata: of the file, key to value.
        labels: names of its classes where the file or its manifest tells them.
        integer: the outputs that hold whole numbers.
        sample: what it answers to one picture, by output; empty where it was not run.
        depths: sizes of its weights along any axis: they tell how many classes a graph was built for.
    """

    width: int
    height: int
    outputs: Mapping[str, Shape]
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    integer: frozenset[str] = frozenset()
    sample: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    depths: frozenset[int] = frozenset()

    def values(self, name: str) -> NDArray[np.float32] | None:
        """What a run showed of an output, as numbers; None where it was not run, or nothing was in it."""
        shown = self.sample.get(name)
        return None if shown is None or not shown.size else shown.astype(np.float32)

    def rows(self, name: str) -> NDArray[np.float32] | None:
        """The same of one picture, as rows of its last axis [k,columns]."""
        values = self.values(name)
        return None if values is None else values.reshape(-1, values.shape[-1])

    def shares(self, name: str) -> bool | None:
        """Whether all of an output lies from 0 to 1; None where no run told; zeros tell nothing."""
        values = self.values(name)
        if values is None or not values.any():
            return None
        return bool(values.min() >= 0 and values.max() <= 1)

    def only(self) -> tuple[str, Shape] | None:
        """Name and shape of its output, where it has exactly one."""
        return next(iter(self.outputs.items())) if len(self.outputs) == 1 else None


TWICE: Final = (0.5, 0.7311)
"""Sigmoids of 0 and of 1."""
MANY: Final = 50
"""Values that do not lie there by chance."""


def activated_twice(values: NDArray[np.float32]) -> bool:
    """Whether shares went through a sigmoid once more: no cell is without an object then."""
    return bool(values.size >= MANY and values.min() >= TWICE[0] and values.max() <= TWICE[1])


@dataclass(frozen=True, slots=True)
class Head:
    """What a decode needs to know of one model.

    Attributes:
        width: of the input, pixels.
        height: of the input, pixels.
        strides: input pixels per cell of each grid, finest first.
        classes: how many it tells apart.
        outputs: names of the outputs, in the order the decode expects.
        labels: names of the classes, when the outputs or the file tell them.
        suppress: whether boxes of one object can overlap; where the model has seen to that, none is dropped.
        turned: whether boxes are turned by an angle that the model tells.
        shapes: of these outputs, where the decode depends on them.
        ignored: what of its outputs is left aside, for people; empty when nothing is.
        shares: whether boxes are in shares of the picture where a family's may be either.
        activated: which values a run showed to be after their sigmoid where a family's need not be.
        gaps: whether columns of classes have the numbers of COCO's annotations, with gaps.
        deferred: whether classes come before their softmax, which the graph left to the decode
            (``detectors.compiling.lastsoftmax``).
        joined: whether class scores are those of objects already, whatever the objectness beside them says.
        form: of its boxes where a family's may be of any.
        numbering: of its classes where the model gives their numbers.
    """

    width: int
    height: int
    strides: tuple[int, ...]
    classes: int
    outputs: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    suppress: bool = True
    turned: bool = False
    shapes: tuple[Shape, ...] = ()
    ignored: str = ""
    shares: bool = False
    activated: Literal["", "scores", "all"] = ""
    gaps: bool = False
    deferred: bool = False
    joined: bool = False
    form: Form = ""
    numbering: Numbering = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tensors of the ``k`` chosen cells of each of ``n`` pictures.

    Attributes:
        boxes: float32 [n,k,4], xyxy in input pixels.
        scores: float32 [n,classes,k], 0..1.
    """

    boxes: str
    scores: str


class Family(Protocol):
    """One kind of detector head; an implementation holds no state."""

    def recognise(self, signature: Signature) -> Head | None:
        """The head, when the model is of this family."""

    def input(self, head: Head) -> InputSpec:
        """The picture such a model takes, where no manifest says otherwise."""

    def gate(self, nodes: Nodes, head: Head) -> str:
        """Tensor float32 [n,cells] of an upper bound on every score of a cell: cheap, it is taken of all."""

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        """Boxes and scores of the cells with the indices ``cells``, int64 [n,k]."""
