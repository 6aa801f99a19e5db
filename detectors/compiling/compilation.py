"""From a model's files to the graph that runs: compiled now, or from the cache if it was before."""

from __future__ import annotations

import hashlib
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from detectors.compiling.cache import Entry, GraphCache, default_folder
from detectors.compiling.compiled import CompiledModel
from detectors.errors import ModelLoadError
from detectors.labels import LabelsFile, read_labels
from detectors.manifest import ModelManifest, stated_in
from detectors.store import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from detectors.store import ModelFiles

COMPILE_VERSION: Final = 16
"""Rises whenever the compiled graph changes, so that graphs cached by an older version are not used."""
MAX_FILE_BYTES: Final = 2 * 1024**3
"""Of a model; protobuf itself ends here."""
MAX_MANIFEST_BYTES: Final = 1024**2
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def compiled(
    files: ModelFiles, cache: GraphCache | None, stated: Mapping[str, Any] = NOTHING
) -> CompiledModel:
    """The model of these files, compiled now or at an earlier time.

    Args:
        files: of the model.
        cache: of compiled graphs, if there is one.
        stated: fields of its manifest that win over those of its sidecar.

    Raises:
        ModelLoadError: says why it cannot be used.
    """
    content = _read(files.weights, MAX_FILE_BYTES)
    sidecar = _read(files.manifest, MAX_MANIFEST_BYTES) if files.manifest else b"{}"
    if stated:
        own = stated_in(sidecar)
        inputs = own.get("input", {}) | stated.get("input", {})
        sidecar = json.dumps({**own, **stated, **({"input": inputs} if inputs else {})}).encode()
    beside = read_labels(files.labels) if files.labels else None
    key = _key(files.name, content, sidecar, repr(beside).encode())
    entry = cache.get(key) if cache else None
    if entry is not None:
        return CompiledModel(ModelManifest.model_validate_json(entry.manifest), entry.graph)
    model = _compile(content, sidecar, files, beside)
    if cache and model.whole:
        _put(cache, key, model)
    return model


def keep(files: ModelFiles, model: CompiledModel, cache: GraphCache) -> None:
    """Spare the first load of these files the work: compiled, they are this model."""
    sidecar = _read(files.manifest, MAX_MANIFEST_BYTES) if files.manifest else b"{}"
    content = _read(files.weights, MAX_FILE_BYTES)
    _put(cache, _key(files.name, content, sidecar, repr(None).encode()), model)


def _put(cache: GraphCache, key: str, model: CompiledModel) -> None:
    cache.put(key, Entry(model.manifest.model_dump_json().encode(), model.graph))


def of_task(task: Literal["detect", "classify"], model: CompiledModel) -> CompiledModel:
    """The model, where that is what it does.

    Raises:
        ModelLoadError: it does something else.
    """
    if model.manifest.task != task:
        expected, received = ("a classifier", "a detector")[:: 1 if task == "classify" else -1]
        raise ModelLoadError(f"expected {expected}, received {received}")
    return model


def described(model: str, models: Path | None = None, stated: Mapping[str, Any] = NOTHING) -> ModelManifest:
    """What a model is, see ``store.resolve``: read, compiled and kept, but not started. ``stated`` are fields
    of its manifest that win over those of its sidecar.

    Raises:
        ModelLoadError: there is no such model, or it cannot be used.
    """
    files, folder = resolve(model, models), default_folder()
    try:
        return compiled(files, GraphCache(folder) if folder else None, stated).manifest
    except ModelLoadError as error:
        error.args = (f"{files.place}: {error}",)
        raise


def _compile(content: bytes, sidecar: bytes, files: ModelFiles, beside: LabelsFile | None) -> CompiledModel:
    # Here and not at the top: a model from the cache needs neither onnx nor the 0.1 s of its import.
    from detectors.compiling.assembly import assemble

    digest = hashlib.sha256(content).hexdigest()
    stated = {"name": files.name, "sha256": digest, **stated_in(sidecar)}
    if stated["sha256"] != digest:
        raise ModelLoadError(f"manifest: sha256: is of another file, this one has {digest}")
    return assemble(content, files.weights.parent, stated, beside)


def _key(name: str, *parts: bytes) -> str:
    digests = (hashlib.sha256(part).hexdigest() for part in (*parts, name.encode()))
    return hashlib.sha256("".join((str(COMPILE_VERSION), *digests)).encode()).hexdigest()


def _read(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise ModelLoadError(f"{size} bytes in {path.name}, at most {limit} are read")
        return path.read_bytes()
    except OSError as error:
        raise ModelLoadError(f"cannot read {path.name}: {error.strerror or error}") from error
