"""Reads the forms of a TensorFlow model, each as one function from a picture to named outputs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx.convert
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tensorflow.core.protobuf import saved_model_pb2

from detectors.errors import one_line
from detectors.examining.convert import GRAPH, Kind
from trainer.convert import tflite
from trainer.convert.source import OPSET, Outputs, Source, one_picture
from trainer.errors import ConversionError

SIGNATURE: Final = "serving_default"
REACHES_OUT: Final = frozenset(
    {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "LoadLibrary"}
)
"""Operations that run code or touch files; no detector needs them, and they are never run."""
FAILURES: Final = (
    tf.errors.OpError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError, RuntimeError,
    NotImplementedError,
)  # fmt: skip
"""What TensorFlow, Keras and tf2onnx raise over a model; they promise nothing."""


def read(path: Path, kind: Kind) -> Source:
    """The model at ``path``.

    Raises:
        ConversionError: it is damaged, refused, or takes anything but one picture.
    """
    try:
        return READERS[kind](path)
    except (DecodeError, *FAILURES) as error:
        raise ConversionError(f"cannot be read as a {kind.value}: {one_line(error)}") from error


def _saved_model(path: Path) -> Source:
    content = saved_model_pb2.SavedModel()
    content.ParseFromString((path / GRAPH).read_bytes())
    for graph in (meta.graph_def for meta in content.meta_graphs):
        _refuse_reaching_out(graph)
    model = tf.saved_model.load(str(path))
    signatures = dict(model.signatures)
    if not signatures:
        raise ConversionError("a SavedModel without a signature: export it with one (model.export)")
    signature = signatures.get(SIGNATURE) or next(iter(signatures.values()))
    [(name, spec)] = one_picture(signature.structured_input_signature[1].items())
    # The function holds what it was made of weakly: without the model its variables are gone.
    return _of_function(lambda picture: (model, signature(**{name: picture}))[1], spec, name)


def _frozen_graph(path: Path) -> Source:
    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(path.read_bytes())
    _refuse_reaching_out(graph)
    used = {name.partition(":")[0].lstrip("^") for node in graph.node for name in node.input}
    silent = ("Const", "NoOp", "Assert", "Placeholder")
    outputs = [node.name for node in graph.node if node.name not in used and node.op not in silent]
    inputs = [node for node in graph.node if node.op == "Placeholder"]
    if not inputs or not outputs:
        raise ConversionError("no frozen graph: it has no input or no output")
    imported = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    [(name, spec)] = one_picture(
        (node.name, tf.TensorSpec.from_tensor(imported.graph.get_tensor_by_name(f"{node.name}:0")))
        for node in inputs
    )
    results = [
        tensor.name for each in outputs for tensor in imported.graph.get_operation_by_name(each).outputs
    ]
    pruned = imported.prune([f"{name}:0"], results)
    called = [result.removesuffix(":0").replace(":", "_") for result in results]
    return _of_function(lambda picture: dict(zip(called, pruned(picture), strict=True)), spec, name)


def _keras(path: Path) -> Source:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    [(name, spec)] = one_picture((each.name, tf.TensorSpec(each.shape, each.dtype)) for each in model.inputs)

    def run(picture: Any) -> Any:
        outputs = model(picture, training=False)
        if isinstance(outputs, dict):
            return outputs
        return dict(zip(model.output_names, outputs if isinstance(outputs, list) else [outputs], strict=True))

    return _of_function(run, spec, name)


def _of_function(function: Callable[[Any], Any], spec: Any, name: str) -> Source:
    compiled = tf.function(function)
    named = tf.TensorSpec(spec.shape, spec.dtype, name.partition(":")[0].replace("/", "_"))

    def run(picture: NDArray[Any]) -> Outputs:
        return {called: tensor.numpy() for called, tensor in compiled(tf.constant(picture)).items()}

    def to_onnx() -> onnx.ModelProto:
        model: onnx.ModelProto = tf2onnx.convert.from_function(compiled, [named], opset=OPSET)[0]
        return model

    return Source(tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype), run, to_onnx)


def _refuse_reaching_out(graph: Any) -> None:
    functions = (node for function in graph.library.function for node in function.node_def)
    for node in (*graph.node, *functions):
        if node.op in REACHES_OUT:
            raise ConversionError(
                f"refused: operation {node.op} ({node.name:.60}) runs code or touches files"
            )


READERS: Final[Mapping[Kind, Callable[[Path], Source]]] = {
    Kind.SAVED_MODEL: _saved_model,
    Kind.FROZEN_GRAPH: _frozen_graph,
    Kind.KERAS: _keras,
    Kind.HDF5: _keras,
    Kind.TFLITE: tflite.read,
}
