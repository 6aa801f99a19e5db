"""Backbone, head, temperature and softmax as one ONNX graph, compared with what was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from detectors.compiling.modelfile import opset
from detectors.compiling.nodes import Nodes
from detectors.errors import InferenceError
from detectors.session import raw_runs
from trainer.backbones.backbone import Tunable
from trainer.backbones.keras_graph import FEATURES, IR_VERSION, OPSET
from trainer.backbones.prepared import prepared
from trainer.errors import ExportError
from trainer.figures import softmax
from trainer.heads import cut_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trainer.backbones.backbone import Backbone
    from trainer.heads import Head

PROBABILITIES: Final = "probabilities"
ALIKE: Final = 2e-3
"""Difference of a probability that rounding explains."""


def exported(backbone: Backbone, head: Head, temperature: float, labels: Sequence[str]) -> onnx.ModelProto:
    """One graph from ``image`` float [n,3,height,width], prepared, to ``probabilities`` [n,k].

    Args:
        backbone: with its weights as they were trained.
        head: on its features.
        temperature: by which logits are divided.
        labels: in the order of the output.

    Raises:
        ExportError: the parts do not fit together.
    """
    body = backbone.graph()
    kernel, bias = head.folded()
    nodes = Nodes("head.")
    weights = nodes.floats(kernel / temperature), nodes.floats(bias / temperature)
    logits = nodes.op("Gemm", "rows", *weights)
    nodes.named(PROBABILITIES, nodes.op("Softmax", logits, axis=1))
    count, width = kernel.shape
    graph = helper.make_graph(
        nodes.written, "head",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["pictures", count])],
        [helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["pictures", width])],
        nodes.constants,
    )  # fmt: skip
    version = max(OPSET, opset(body))
    top = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", version)], ir_version=body.ir_version
    )
    try:
        joined = compose.merge_models(body, top, io_map=[(FEATURES, "rows")])
        joined.ir_version = max(IR_VERSION, body.ir_version)
        joined.producer_name = "sightline"
        helper.set_model_props(joined, {"labels": "\n".join(labels)})
        onnx.checker.check_model(joined)
    except (ValueError, TypeError, onnx.checker.ValidationError) as error:
        raise ExportError(f"backbone {backbone.name}: does not fit its head: {error}") from error
    return joined


def checked(
    model: onnx.ModelProto, backbone: Backbone, head: Head, temperature: float, pictures: NDArray[np.uint8]
) -> float:
    """The largest difference between the exported graph and what was trained, on real pictures.

    Args:
        model: from ``exported``.
        backbone: as it was trained.
        head: on it.
        temperature: of both.
        pictures: uint8 [n,h,w,3] BGR, fitted to the backbone.

    Raises:
        ExportError: they differ by more than rounding.
    """
    features = backbone.features(pictures)
    expected = softmax(head.logits(features), temperature)
    planes = np.ascontiguousarray(prepared(pictures, backbone.input).transpose(0, 3, 1, 2))
    try:
        run = raw_runs(model.SerializeToString())
        answers = np.concatenate([run(plane[None])[0] for plane in planes])
    except InferenceError as error:
        raise ExportError(f"the exported model does not run: {error}") from error
    difference = float(np.abs(answers - expected).max())
    if not np.isfinite(answers).all() or difference > ALIKE:
        raise ExportError(
            f"the exported model differs from the trained one by {difference:.4f}: it is not promoted"
        )
    return difference


def with_top(backbone: Backbone, top: Sequence[NDArray[np.float32]], blocks: int) -> None:
    """Put weights that phase 2 trained into the backbone."""
    if not top:
        return
    if not isinstance(backbone, Tunable):
        raise ExportError(f"backbone {backbone.name} is frozen")
    for variable, value in zip(cut_of(backbone, blocks).above.trainable_variables, top, strict=True):
        variable.assign(value)
