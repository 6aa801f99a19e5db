"""The process that looks at a model: an order comes on its input, the answer goes to its output."""

from __future__ import annotations

import os
import resource
import sys
from typing import TYPE_CHECKING, Final

from detectors.errors import DetectorError, UnknownFamily
from detectors.examining.examination import Answer, Candidate, Examined, Found, Order, Refused, Tensor
from detectors.store import MANIFEST, WEIGHTS, ModelFiles

if TYPE_CHECKING:
    import onnx

    from detectors.compiling.compiled import CompiledModel
    from detectors.recognising.trial import Trial

WRITTEN_BYTES: Final = 4 * 1024**3
"""Of one file."""


def main() -> None:
    # What libraries print goes elsewhere.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    order = Order.model_validate_json(sys.stdin.buffer.read())
    _bound(order)
    with answer:
        answer.write(_answered(order).model_dump_json().encode())


def _bound(order: Order) -> None:
    """No more than this from here on, whatever the model makes libraries do."""
    seconds = int(order.bounds.seconds) + 1
    memory_bytes = order.bounds.memory_bytes + 8 * order.weights.stat().st_size
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        # First the signal that says so, then the one that nothing survives.
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (soft, soft + 1 if what == resource.RLIMIT_CPU else soft))


def _answered(order: Order) -> Answer:
    try:
        return Answer(examined=_examined(order))
    except UnknownFamily as error:
        candidates = tuple(_candidate(trial) for trial in error.trials)
        return Answer(refused=Refused(error=type(error).__name__, text=str(error), candidates=candidates))
    except DetectorError as error:
        return Answer(refused=Refused(error=type(error).__name__, text=str(error)))


def _examined(order: Order) -> Examined:
    # Here and not at the top: their memory counts, too.
    from detectors.compiling.compilation import compiled

    files = ModelFiles(order.name, order.weights, order.manifest, labels=order.labels)
    model = compiled(files, None, order.stated)
    any_batch = _runs(model)
    if order.folder is not None:
        model = _kept(order, model)
    return _about(order, model, any_batch)


def _runs(model: CompiledModel) -> bool:
    """Try the compiled graph; whether it takes any batch."""
    import numpy as np

    from detectors.session import Limits, SessionOptions, open_session

    session = open_session(model.graph, SessionOptions("cpu", 1))
    size = (model.manifest.input.height, model.manifest.input.width)
    picture = np.full((1, *size, 3), 114, np.uint8)
    if model.manifest.task == "classify":
        session.probabilities(picture)
    else:
        session.run(picture, Limits())
    return session.any_batch


def _kept(order: Order, model: CompiledModel) -> CompiledModel:
    """The model in the folder, in one file, with its manifest; the compiled graph is in the user's cache."""
    import dataclasses
    import hashlib

    import onnx

    from detectors.compiling.cache import GraphCache, default_folder
    from detectors.compiling.compilation import keep

    assert order.folder is not None
    content = order.weights.read_bytes()
    if not model.whole:
        content = onnx.load(order.weights).SerializeToString()
    manifest = model.manifest.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    model = dataclasses.replace(model, manifest=manifest)
    files = ModelFiles(order.name, order.folder / WEIGHTS, order.folder / MANIFEST)
    files.weights.write_bytes(content)
    (order.folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    cache = default_folder()
    if cache is not None:
        keep(files, model, GraphCache(cache))
    return model


def _about(order: Order, model: CompiledModel, any_batch: bool) -> Examined:
    import onnx

    graph = onnx.load(order.weights, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    return Examined(
        manifest=model.manifest,
        inputs=tuple(_tensor(value) for value in graph.input if value.name not in constants),
        outputs=tuple(_tensor(value) for value in graph.output),
        any_batch=any_batch,
        operators=len(graph.node),
    )


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    from onnx import TensorProto

    tensor = value.type.tensor_type
    shape: list[int | str] = [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in tensor.shape.dim
    ]
    kind = TensorProto.DataType.Name(tensor.elem_type).lower()
    return Tensor(name=value.name, type=kind, shape=tuple(shape))


def _candidate(trial: Trial) -> Candidate:
    labels = trial.reading.manifest.labels
    found = (
        tuple(
            Found(box=(x1, y1, x2, y2), confidence=float(score), label=labels[int(number)])
            for (x1, y1, x2, y2), score, number in zip(
                there.boxes.tolist(), there.scores, there.classes, strict=True
            )
        )
        for there in trial.found
    )
    return Candidate(family=trial.reading.family, agreement=trial.agreement, found=tuple(found))


if __name__ == "__main__":
    main()
