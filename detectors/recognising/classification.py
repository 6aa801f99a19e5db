"""Recognises a classifier, and completes what its manifest leaves open."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors.compiling.batchaxis import free_batch
from detectors.compiling.classifier_graph import compile_classifier
from detectors.compiling.compiled import CompiledModel
from detectors.compiling.firstlayer import folded
from detectors.errors import InferenceError, ModelLoadError, UnknownFamily
from detectors.families import FAMILIES, candidates
from detectors.letterbox import fit
from detectors.manifest import InputSpec, validated
from detectors.pixels import BgrPixels
from detectors.recognising.preparing import shown_by
from detectors.recognising.trialpictures import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    from numpy.typing import NDArray

    from detectors.compiling.alone import Alone
    from detectors.compiling.modelfile import ParsedModel
    from detectors.families.family import Signature
    from detectors.manifest import ModelManifest

ANSWERS: Final = ("probabilities", "logits", "binary")
"""What an output holds: a row that sums to 1; one that softmax makes such; or only the probability of the
second of two classes."""
SUM: Final = 1e-3
"""By which a row of probabilities may miss 1 for rounding."""
FLAT: Final = 2
"""Axes up to which a single number is an answer, and not a map of one cell."""
STATES: Final = ("channels", "mean", "std")
"""Fields of the input, of which one at least is written where a manifest says how pictures are prepared."""
EXAMPLE: Final[Mapping[str, Any]] = {
    "task": "classify",
    "input": {
        "channels": "rgb",
        "mean": [123.675, 116.28, 103.53],
        "std": [58.395, 57.12, 57.375],
        "letterbox": {"mode": "crop", "shown": 0.875},
    },
}


def is_classifier(told: Signature, stated: Mapping[str, Any]) -> bool:
    """Whether a model says what a picture is of: its manifest or metadata says so, or it has one row of
    numbers a picture that no family of detectors reads."""
    if "task" in stated:
        return bool(stated["task"] == "classify")
    if stated.get("family") in ANSWERS:
        return True
    if _classes(told) is None or stated.get("family") in FAMILIES:
        return False
    try:
        candidates(told)
    except UnknownFamily:
        return True
    return told.metadata.get("task") == "classify"


def classifier(parsed: ParsedModel, alone: Alone, told: Signature, stated: dict[str, Any]) -> CompiledModel:
    """Compile a classifier.

    Args:
        parsed: as it was read.
        alone: the same with one input, as it runs.
        told: what it says about itself, and answered to one picture.
        stated: fields of its manifest as far as they are known, name and sha256 at least.

    Raises:
        ModelLoadError: it is none, or something has to be stated that its file does not tell.
    """
    width = _classes(told)
    if width is None:
        shapes = ", ".join(f"{name} {list(shape)}" for name, shape in list(told.outputs.items())[:4])
        raise ModelLoadError(f"outputs: expected one of a classifier, [n,classes], received {shapes}")
    spec, said = _input(parsed.model, told, stated)
    rows = _rows(alone, spec)
    answer = _answer(rows, stated.get("family"), last=alone.model.graph.node[-1].op_type)
    labels = _labels(told, 2 if answer == "binary" else width)
    manifest = _manifest(stated, spec, answer, labels, said)
    ready, rest = folded(free_batch(alone, spec), spec)
    graph = compile_classifier(ready, answer, len(labels), rest)
    return CompiledModel(manifest, graph.SerializeToString(), parsed.whole)


def _classes(told: Signature) -> int | None:
    """How many numbers it answers a picture; None where its outputs are not one row."""
    only = told.only()
    if only is None:
        return None
    shape = only[1]
    row = shape[1:] if len(shape) > 1 else shape
    if any(size is None for size in row) or sum(size != 1 for size in row) > 1:
        return None
    if math.prod(size or 1 for size in row) == 1 and len(shape) > FLAT:
        return None
    return math.prod(size or 1 for size in row) if len(shape) == 1 or shape[0] in (1, None) else None


def _input(model: onnx.ModelProto, told: Signature, stated: dict[str, Any]) -> tuple[InputSpec, str]:
    """The picture it takes, and what of that was not stated.

    Raises:
        ModelLoadError: nothing says how pictures are prepared, or the manifest contradicts the file.
    """
    given = stated.get("input", {})
    size = {"width": told.width, "height": told.height}
    if {"width": told.width, "height": told.height, **given}.items() & size.items() != size.items():
        raise ModelLoadError(f"manifest: input: expected the model's {told.width}x{told.height}")
    usual: dict[str, Any] = {**size, "letterbox": {"mode": "stretch"}}
    if any(field in given for field in STATES):
        return InputSpec.model_validate({**usual, **given}), ""
    shown = shown_by(model)
    if shown is None:
        raise ModelLoadError(
            "a classifier, but nothing says how its pictures are prepared: put a manifest beside it (same "
            f"name, .json) such as {json.dumps(EXAMPLE)}; pixels are from 0 to 255, (pixel - mean) / std"
        )
    usual |= {"channels": shown.channels, "mean": shown.mean, "std": shown.std}
    usual["letterbox"] = shown.letterbox.model_dump()
    spec = InputSpec.model_validate({**usual, **given})
    return spec, f"{spec.channels}, mean {_figures(spec.mean)}, std {_figures(spec.std)}: {shown.said}"


def _figures(values: tuple[float, float, float]) -> str:
    return "/".join(f"{value:g}" for value in (values[:1] if len(set(values)) == 1 else values))


def _rows(alone: Alone, spec: InputSpec) -> NDArray[np.float32]:
    """What it answers to the pictures of the trial, float32 [pictures,classes]."""
    mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (spec.mean, spec.std))
    rows = []
    for picture in probe():
        image, _ = fit(BgrPixels(picture.image), spec)
        planes = image.transpose(2, 0, 1)[:: -1 if spec.channels == "rgb" else 1].astype(np.float32)
        try:
            [output] = alone.run(((planes - mean) / std)[None].astype(np.float32))
        except InferenceError as error:
            raise ModelLoadError(f"does not run: {error}") from error
        rows.append(np.asarray(output, np.float32).ravel())
    found = np.stack(rows)
    if not np.isfinite(found).all():
        raise ModelLoadError("answers numbers that are none to a picture of a street")
    return found


def _answer(rows: NDArray[np.float32], stated: str | None, last: str) -> str:
    """Which of ``ANSWERS`` these are.

    Raises:
        ModelLoadError: none of them, or not what the manifest says.
    """
    shares = bool((rows >= -SUM).all() and (rows <= 1 + SUM).all())
    sums = shares and bool((np.abs(rows.sum(axis=1) - 1) <= SUM).all())
    seen = _seen(rows.shape[1], shares=shares, sums=sums, sigmoid=last == "Sigmoid")
    if stated is not None and stated not in ANSWERS:
        raise ModelLoadError(f"family: expected one of {', '.join(ANSWERS)}, received {stated!r}")
    if seen is None:
        raise ModelLoadError(
            "its answers are independent of one another (each from 0 to 1, the sum is not 1): "
            "expected a classifier that chooses one of its classes"
        )
    if stated is not None and stated != seen:
        raise ModelLoadError(f"family: expected {seen}, which its answers are, received {stated!r}")
    return seen


def _seen(width: int, *, shares: bool, sums: bool, sigmoid: bool) -> str | None:
    if width == 1:
        return "binary" if shares and not sums else None
    if sums:
        return "probabilities"
    return None if sigmoid and shares else "logits"


def _labels(told: Signature, classes: int) -> tuple[str, ...]:
    if told.labels is None:
        raise ModelLoadError(f"its {classes} classes have no names: a manifest beside it must give labels")
    if len(told.labels) != classes:
        raise ModelLoadError(f"labels: expected {classes} names, one a class, received {len(told.labels)}")
    return told.labels


def _manifest(
    stated: dict[str, Any], spec: InputSpec, answer: str, labels: tuple[str, ...], said: str
) -> ModelManifest:
    return validated(
        {
            "assumed": said,
            **stated,
            "task": "classify",
            "family": answer,
            "labels": labels,
            "input": spec.model_dump(),
            # Nothing is refused unless somebody measured from where on that is right.
            "thresholds": {"confidence": 0.0, **stated.get("thresholds", {})},
        }
    )
