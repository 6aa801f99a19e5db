"""A backbone that looks at each picture several times, mirrored and turned: its features are the mean."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from detectors.compiling.nodes import Nodes
from detectors.joining import with_own_names
from trainer.backbones.backbone import Tunable
from trainer.backbones.keras_graph import ENTRY, FEATURES
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from trainer.backbones.backbone import Backbone


@dataclass(frozen=True, slots=True)
class View:
    """A picture as it is looked at: transposed, then mirrored along its height, its width."""

    transposed: bool = False
    upside_down: bool = False
    mirrored: bool = False

    def of(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Pictures [n,height,width,channels]."""
        turned = pictures.transpose(0, 2, 1, 3) if self.transposed else pictures
        return turned[:, :: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]

    def written(self, nodes: Nodes, planes: str) -> str:
        """The same, of planes [n,channels,height,width] in a graph."""
        turned = nodes.op("Transpose", planes, perm=[0, 1, 3, 2]) if self.transposed else planes
        for axis, wanted in ((2, self.upside_down), (3, self.mirrored)):
            if wanted:
                last, beyond = nodes.ints([-1]), nodes.ints([np.iinfo(np.int64).min])
                turned = nodes.op("Slice", turned, last, beyond, nodes.ints([axis]), nodes.ints([-1]))
        return turned


_ALL: Final = tuple(View(*(bool(number & bit) for bit in (4, 2, 1))) for number in range(8))
VIEWS: Final[dict[int, tuple[View, ...]]] = {count: _ALL[:count] for count in (1, 2, 4, 8)}
"""By their number: mirrored, upside down, turned by quarters, too (the dihedral group of a square)."""


@dataclass(slots=True, eq=False)
class Viewed:
    """See ``backbone.Backbone``."""

    inner: Backbone
    views: tuple[View, ...]
    name: str = field(init=False)
    key: str = field(init=False)
    input: InputSpec = field(init=False)
    about: str = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.input = self.inner.name, self.inner.input
        self.key = hashlib.sha256(f"{self.inner.key} {self.views}".encode()).hexdigest()
        self.about = f"{self.inner.about}, the mean of {len(self.views)} views"

    @property
    def depths(self) -> tuple[int, ...]:
        return self.inner.depths

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = [self.inner.features(np.ascontiguousarray(view.of(pictures))) for view in self.views]
        mean: NDArray[np.float32] = np.mean(rows, axis=0, dtype=np.float32)
        return mean

    def graph(self) -> onnx.ModelProto:
        body = self.inner.graph()
        size = ["pictures", 3, self.input.height, self.input.width]
        before, after = Nodes("views."), Nodes("mean.")
        turned = [view.written(before, ENTRY) for view in self.views]
        before.named("turned", before.op("Concat", *turned, axis=0))
        width = body.graph.output[0].type.tensor_type.shape.dim[1].dim_value
        apart = after.op("Reshape", "rows", after.ints([len(self.views), -1, width]))
        after.named(FEATURES, after.op("ReduceMean", apart, axes=[0], keepdims=0))
        entry = _piece(before, body, (ENTRY, size), ("turned", ["all", *size[1:]]))
        leave = _piece(after, body, ("rows", ["all", width]), (FEATURES, ["pictures", width]))
        body = with_own_names(body, "one.")
        joined = compose.merge_models(entry, body, io_map=[("turned", f"one.{ENTRY}")])
        return compose.merge_models(joined, leave, io_map=[(f"one.{FEATURES}", "rows")])


@dataclass(slots=True, eq=False)
class ViewedNetwork(Viewed):
    """The same of a network whose weights can be trained; see ``backbone.Tunable``."""

    model: Any
    blocks: tuple[tuple[str, ...], ...]


def viewed(backbone: Backbone, count: int) -> Backbone:
    """The backbone with so many views.

    Raises:
        TrainerError: its input is no square, which it has to be for eight.
    """
    if count == 1:
        return backbone
    if count == 8 and backbone.input.width != backbone.input.height:
        raise TrainerError(f"backbone {backbone.name}: its input is no square: take --views 2 or 1")
    if isinstance(backbone, Tunable):
        return ViewedNetwork(backbone, VIEWS[count], backbone.model, backbone.blocks)
    return Viewed(backbone, VIEWS[count])


def _piece(
    nodes: Nodes, like: onnx.ModelProto, entry: tuple[str, list[Any]], leave: tuple[str, list[Any]]
) -> onnx.ModelProto:
    """A graph of floats, in the opset of another."""
    entries, leaves = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name, shape in (entry, leave)
    )
    graph = helper.make_graph(nodes.written, nodes.prefix, entries, leaves, nodes.constants)
    return helper.make_model(graph, opset_imports=like.opset_import, ir_version=like.ir_version)
