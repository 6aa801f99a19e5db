"""One conversion: read, convert, look at the result, compare, write."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from detectors.compiling.inspection import every_node
from detectors.errors import DetectorError, one_line
from detectors.examining.convert import Kind, companions
from detectors.manifest import InputSpec, stated_in
from detectors.session import raw_runs
from trainer.convert.inner import inner_of
from trainer.convert.parity import compare, feeds
from trainer.convert.reading import FAILURES, read
from trainer.convert.source import Outputs, Source
from trainer.convert.written import Converted
from trainer.errors import ConversionError

USUAL_SIDE: Final = 640
"""Of a model that takes any size and has none of its own."""
PREPARES: Final = frozenset({"channels", "mean", "std"})
"""Fields of a manifest's input that say how a picture's numbers are made."""
NAMED: Final = 5
"""Operations that cannot be converted, at most, in one line."""


def converted(path: Path, kind: Kind, pictures: Sequence[NDArray[np.uint8]]) -> Converted:
    """The model at ``path`` as ONNX, compared with itself on ``pictures`` (uint8 HxWx3 BGR).

    Raises:
        ConversionError: says in one line why not.
    """
    stated = _stated(path)
    source = read(path, kind)
    if source.prepared:
        stated["input"] = {**source.prepared, **stated.get("input", {})}
    if source.family:
        stated.setdefault("family", source.family)
    model = _to_onnx(source)
    manifest, lines = _with_size(stated, source, model)
    width, height = _size(source, manifest)
    told = stated.get("input", {})
    spec = InputSpec(**{"width": width, "height": height, **told}) if PREPARES & told.keys() else None
    inputs = feeds(pictures, (width, height), source.dtype, spec)
    differences = compare(inputs, partial(_original, source), lambda picture: _run(model, picture))
    origin = f"{path.name} ({kind.value}), converted by tf2onnx {version('tf2onnx')}"
    manifest = {"source": origin, **manifest}
    worst = max(differences.values(), key=lambda each: each.largest / (each.magnitude or 1))
    said = f"outputs differ by at most {worst.largest:.2g} where values reach {worst.magnitude:.4g}"
    return Converted(model, manifest, differences, (*lines, f"{said}, on {len(pictures)} pictures"))


def _stated(path: Path) -> dict[str, Any]:
    """What lies beside the model: fields of its manifest, and the names of its classes."""
    sidecar, names = companions(path)
    try:
        stated = stated_in(sidecar.read_bytes()) if sidecar.is_file() else {}
        digest = stated.pop("sha256", None)
        if digest and path.is_file() and digest != hashlib.sha256(path.read_bytes()).hexdigest():
            raise ConversionError("manifest: sha256: is of another file")
        if names.is_file() and "labels" not in stated:
            lines = names.read_text(encoding="utf-8").splitlines()
            stated["labels"] = [line.strip() for line in lines if line.strip()]
    except (DetectorError, OSError, UnicodeDecodeError) as error:
        raise ConversionError(one_line(error)) from error
    return stated


def _to_onnx(source: Source) -> onnx.ModelProto:
    try:
        model = source.to_onnx()
    except FAILURES as error:
        raise ConversionError(f"tf2onnx fails: {one_line(error)}") from error
    # What it cannot convert it leaves where it was, and only writes a line into a log.
    left = {
        node.op_type: node.name for node in every_node(model) if not onnx.defs.has(node.op_type, node.domain)
    }
    if left:
        named = ", ".join(f"{kind} ({name:.60})" for kind, name in list(left.items())[:NAMED])
        raise ConversionError(f"these operations have no form in ONNX: {named}")
    return model


def _with_size(
    stated: Mapping[str, Any], source: Source, model: onnx.ModelProto
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The manifest with a size, if it needs to give one, and what to say of that."""
    given = stated.get("input", {})
    if _sides(source) != (None, None) or {"width", "height"} <= given.keys():
        return dict(stated), ()
    inner = inner_of(model, source.dtype, lambda shown, picture: _run(shown, picture))
    if inner is None:
        size = {"width": USUAL_SIDE, "height": USUAL_SIDE}
        line = f"takes pictures of any size: {USUAL_SIDE}x{USUAL_SIDE} is used, its manifest may give another"
        return {**stated, "input": {**size, **given}}, (line,)
    size = {"width": inner.width, "height": inner.height}
    return {**stated, "input": {**size, "letterbox": {"mode": inner.mode}, **given}}, ()


def _sides(source: Source) -> tuple[int | None, int | None]:
    """Height and width of a picture.

    Raises:
        ConversionError: the model takes no pictures.
    """
    if len(source.shape) != 4 or source.shape[3] != 3:
        shape = ",".join("?" if side is None else str(side) for side in source.shape)
        raise ConversionError(f"expected an input for pictures [n,height,width,3], received [{shape}]")
    return source.shape[1], source.shape[2]


def _size(source: Source, manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of the pictures it is compared on."""
    height, width = _sides(source)
    given = manifest.get("input", {})
    return width or given["width"], height or given["height"]


def _original(source: Source, picture: NDArray[Any]) -> Outputs:
    try:
        return source.run(picture)
    except FAILURES as error:
        raise ConversionError(f"TensorFlow itself does not run it: {one_line(error)}") from error


def _run(model: onnx.ModelProto, picture: NDArray[Any]) -> dict[str, NDArray[Any]]:
    try:
        outputs = raw_runs(model.SerializeToString())(picture)
    except DetectorError as error:
        raise ConversionError(f"the converted model does not run: {error}") from error
    return dict(zip((output.name for output in model.graph.output), outputs, strict=True))
