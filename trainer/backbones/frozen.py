"""Any ONNX model as a frozen backbone: cut where its features are, pooled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from detectors.compiling.axis import single
from detectors.compiling.modelfile import parse, with_input
from detectors.compiling.nodes import Nodes
from detectors.errors import DetectorError
from detectors.manifest import InputSpec
from detectors.session import raw_runs
from detectors.store import resolve
from trainer.backbones.keras_graph import ENTRY, FEATURES
from trainer.backbones.prepared import prepared
from trainer.cores import cores
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ACTIVATIONS: Final = frozenset(
    {
        "Relu",
        "Clip",
        "LeakyRelu",
        "HardSwish",
        "PRelu",
        "Elu",
        "Gelu",
        "Mish",
        "Mul",
        "Add",
        "Sum",
        "Concat",
        "MaxPool",
    }
)
"""Operators whose result may be a feature; convolutions alone are not yet."""
STRIDES: Final = (2, 4, 8, 16, 32)
LEAST_CHANNELS: Final = 16
MOST: Final = 8192
"""Features in all: beyond that the earliest depth is left out."""


@dataclass(slots=True, eq=False)
class FrozenModel:
    """See ``backbone.Backbone``; it cannot be fine-tuned.

    Attributes:
        taps: the tensors whose mean and maximum are the features.
    """

    name: str
    input: InputSpec
    about: str
    taps: tuple[str, ...]
    depths: tuple[int, ...]
    _cut: onnx.ModelProto
    key: str = ""
    _run: Callable[[NDArray[np.float32]], list[NDArray[Any]]] | None = None

    def __post_init__(self) -> None:
        content = self._cut.SerializeToString(deterministic=True)
        self.key = hashlib.sha256(content + self.input.model_dump_json().encode()).hexdigest()

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = prepared(pictures, self.input).transpose(0, 3, 1, 2)
        run = self._run = self._run or raw_runs(single(self._cut).SerializeToString())
        # A session runs on one thread a call, and takes calls from several.
        with ThreadPoolExecutor(cores()) as pool:
            rows = pool.map(lambda plane: run(np.ascontiguousarray(plane[None]))[0], planes)
            return np.concatenate(list(rows)).astype(np.float32)

    def graph(self) -> onnx.ModelProto:
        return self._cut


def frozen(model: str, models: Path, size: int | None = None, taps: Sequence[str] = ()) -> FrozenModel:
    """A model as a backbone.

    Args:
        model: name of a built-in one or of the store, or a path.
        models: folder of the store.
        size: side of its input where the file leaves that open.
        taps: tensors that are features; empty finds some of several depths.

    Raises:
        TrainerError: it cannot be one.
    """
    try:
        files = resolve(model, models)
        spec = _input(model, models)
        parsed = parse(files.weights.read_bytes(), files.weights.parent)
        whole = with_input(parsed.model, (size, size) if size else (spec.width, spec.height))
    except (DetectorError, OSError) as error:
        raise TrainerError(f"backbone {model}: {error}") from error
    height, width = (dim.dim_value for dim in whole.graph.input[0].type.tensor_type.shape.dim[2:])
    if size not in (None, height, width):
        raise TrainerError(f"backbone {model}: it takes pictures of {width}x{height} only: leave --size out")
    spec = spec.model_copy(update={"width": width, "height": height})
    found = _shapes(whole)
    chosen = _named(model, taps, found) if taps else automatic(whole, found)
    if not chosen:
        raise TrainerError(
            f"backbone {model}: no feature maps found in it: "
            f"name some with --taps: {', '.join(list(found)[-8:])}"
        )
    cut = _cut(whole, chosen, found)
    about = f"{files.name}, cut at {', '.join(chosen)}"
    return FrozenModel(files.name, spec, about, tuple(chosen), tuple(_widths(chosen, found)), cut)


def automatic(model: onnx.ModelProto, shapes: dict[str, tuple[int, int, int]]) -> list[str]:
    """The last activation of each depth: where the picture is a half of its size, a 4th, .. a 32nd.

    A detector's early maps alone tell colours, which its later ones forget: a car is a car in any. Detectors
    make their maps larger again after their backbone: there it ends.
    """
    height = model.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    last: dict[int, str] = {}
    for node in model.graph.node:
        if node.op_type in ("Resize", "Upsample", "ConvTranspose"):
            break
        name = node.output[0]
        channels, rows, _ = shapes.get(name, (0, 0, 0))
        stride = next((each for each in STRIDES if rows and abs(rows - height / each) < 1.5), None)
        # What comes back from a coarser depth is the neck of a detector.
        back = stride is not None and any(other > stride for other in last)
        if node.op_type in ACTIVATIONS and channels >= LEAST_CHANNELS and stride is not None and not back:
            last[stride] = name
    chosen = [last[stride] for stride in sorted(last)]
    while len(chosen) > 1 and sum(_widths(chosen, shapes)) > MOST:
        chosen.pop(0)
    return chosen


def _input(model: str, models: Path) -> InputSpec:
    """How its pictures are prepared: stated, or recognised as it is for detecting and classifying."""
    from detectors.compiling.compilation import described

    return described(model, models).input


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, int, int]]:
    """Channels, rows and columns of every tensor that is a stack of maps."""
    found = {}
    for value in (*model.graph.value_info, *model.graph.output):
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if (
            len(sizes) == 4
            and all(size > 0 for size in sizes[1:])
            and value.type.tensor_type.elem_type == TensorProto.FLOAT
        ):
            found[value.name] = (sizes[1], sizes[2], sizes[3])
    return found


def _named(model: str, taps: Sequence[str], shapes: dict[str, tuple[int, int, int]]) -> list[str]:
    for tap in taps:
        if tap not in shapes:
            raise TrainerError(
                f"backbone {model}: no feature map {tap!r} in it: there are {', '.join(list(shapes)[-8:])}"
            )
    return list(taps)


def _widths(taps: Sequence[str], shapes: dict[str, tuple[int, int, int]]) -> list[int]:
    """How many features each tap gives: mean and maximum of its channels."""
    return [2 * shapes[tap][0] for tap in taps]


def _cut(
    model: onnx.ModelProto, taps: Sequence[str], shapes: dict[str, tuple[int, int, int]]
) -> onnx.ModelProto:
    """The part of the model that makes the taps, with mean and maximum of each as one row."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    nodes = Nodes("pooled.")
    parts = [
        nodes.op("Flatten", nodes.op(kind, tap))
        for tap in taps
        for kind in ("GlobalAveragePool", "GlobalMaxPool")
    ]
    nodes.named(FEATURES, nodes.op("Concat", *parts, axis=1))
    needed = _needed(graph, taps)
    kept = [node for node in graph.node if any(name in needed for name in node.output)]
    used = {name for node in kept for name in node.input}
    stored = [each for each in graph.initializer if each.name in used]
    count = sum(_widths(taps, shapes))
    entry = helper.make_node("Identity", [ENTRY], [graph.input[0].name])
    height, width = (dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim[2:])
    made = helper.make_graph(
        [entry, *kept, *nodes.written], "backbone",
        [helper.make_tensor_value_info(ENTRY, TensorProto.FLOAT, ["pictures", 3, height, width])],
        [helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["pictures", count])],
        [*stored, *nodes.constants],
    )  # fmt: skip
    return helper.make_model(
        made, opset_imports=list(model.opset_import), ir_version=model.ir_version, producer_name="sightline",
        functions=list(model.functions),
    )  # fmt: skip


def _needed(graph: onnx.GraphProto, taps: Sequence[str]) -> set[str]:
    """Names of all tensors that the taps are computed from."""
    maker = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    waiting = list(taps)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in maker:
            waiting += [each for each in maker[name].input if each]
    return needed
