"""Frees a model from the batch size it was exported with, if its pictures stay independent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import numpy_helper

from detectors.errors import InferenceError, ModelLoadError
from detectors.session import raw_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.alone import Alone
    from detectors.manifest import InputSpec

AXIS: Final = "pictures"
TRIAL: Final = 3
"""Pictures of the trial."""
LEAST_RANK: Final = 3
"""Outputs of fewer axes may be lists of what was found in one picture."""
RELATIVE: Final = 1e-3
"""Difference between a picture in a batch and alone that float rounding explains."""


def free_batch(alone: Alone, spec: InputSpec) -> onnx.ModelProto:
    """The model for any number of pictures where a trial allows it, else for one at a time.

    A batch must give each picture what it gets alone. Reshapes to a fixed batch and quantisation ranges
    taken over the whole batch break that, and no inspection of the graph tells as surely as trying.

    Raises:
        ModelLoadError: it runs not even with one picture.
    """
    together = _with_axis(alone.model, None)
    pixels = _pictures(spec)
    try:
        singles = [alone.run(picture[None]) for picture in pixels]
    except InferenceError as error:
        raise ModelLoadError(f"does not run: {error}") from error
    try:
        batch = raw_runs(together.SerializeToString())(pixels)
    except InferenceError:
        return alone.one
    for number, outputs in enumerate(singles):
        if not all(_same(output, several, number) for output, several in zip(outputs, batch, strict=True)):
            return alone.one
    return together


def single(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model for one picture at a time."""
    return _with_axis(model, 1)


def _pictures(spec: InputSpec) -> NDArray[np.float32]:
    """Noise, each picture brighter than the one before: what one does to another's range must show."""
    noise = np.random.default_rng(0).random((TRIAL, 3, spec.height, spec.width), np.float32) * 255
    noise *= np.linspace(0.2, 1, TRIAL, dtype=np.float32).reshape(-1, 1, 1, 1)
    mean, std = (np.reshape(value, (1, 3, 1, 1)) for value in (spec.mean, spec.std))
    pixels: NDArray[np.float32] = ((noise - mean) / std).astype(np.float32)
    return pixels


def _same(output: NDArray[np.float32], several: NDArray[np.float32], number: int) -> bool:
    if output.shape[0] != 1 or several.shape != (TRIAL, *output.shape[1:]):
        return False
    largest = float(np.abs(output).max(initial=0))
    return bool(np.allclose(several[number], output[0], rtol=RELATIVE, atol=RELATIVE * RELATIVE * largest))


def _with_axis(model: onnx.ModelProto, pictures: int | None) -> onnx.ModelProto:
    """A copy with the batch dimension fixed, or free (None)."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    del graph.value_info[:]
    first = graph.input[0].type.tensor_type.shape.dim[0]
    name, count = first.dim_param, first.dim_value
    for value in (*graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        # An output of a model for one picture may have no batch axis.
        if not dims or (dims[0].dim_value > 1 and dims[0].dim_value != count):
            continue
        if dims[0].dim_value != 1 and len(dims) < LEAST_RANK and dims[0].dim_param != name:
            continue
        if pictures is None:
            dims[0].dim_param = AXIS
        else:
            dims[0].dim_value = pictures
    if pictures is None:
        _free_reshapes(graph)
    return copy


def with_axis_of_outputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, all outputs of which get an axis for the batch, of one picture."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    del graph.value_info[:]
    bare = {output.name: f"{AXIS}.bare.{output.name}" for output in graph.output}
    for node in graph.node:
        node.input[:] = [bare.get(name, name) for name in node.input]
        node.output[:] = [bare.get(name, name) for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.int64), f"{AXIS}.first"))
    for output in graph.output:
        graph.node.append(
            onnx.helper.make_node("Unsqueeze", [bare[output.name], f"{AXIS}.first"], [output.name])
        )
        dims = output.type.tensor_type.shape.dim
        sizes = [onnx.TensorShapeProto.Dimension(dim_value=1), *dims]
        del dims[:]
        dims.extend(sizes)
    return copy


def _free_reshapes(graph: onnx.GraphProto) -> None:
    """Let reshapes to ``[1, ...]`` keep the batch of what they reshape (a 0 in the shape says so)."""
    shapes = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        shapes.update((node.output[0], entry.t) for entry in node.attribute if entry.name == "value")
    for number, node in enumerate(graph.node):
        if node.op_type != "Reshape" or node.input[1] not in shapes:
            continue
        sizes = numpy_helper.to_array(shapes[node.input[1]])
        if sizes.ndim == 1 and len(sizes) > 1 and sizes[0] == 1:
            free = numpy_helper.from_array(np.array([0, *sizes[1:]], np.int64), f"{AXIS}.shape_{number}")
            graph.initializer.append(free)
            node.input[1] = free.name
