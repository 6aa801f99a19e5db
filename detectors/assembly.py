"""From a model file to its manifest and its compiled graph: the slow way, gone once per model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.batchaxis import free_batch
from detectors.coco import COCO_LABELS
from detectors.compiled import CompiledModel
from detectors.errors import ModelLoadError
from detectors.families import FAMILIES, recognise
from detectors.graph import compile_graph
from detectors.manifest import validated
from detectors.modelfile import parse, signature, with_input
from detectors.stem import fold_stem

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.families.family import Head
    from detectors.manifest import ModelManifest


def assemble(content: bytes, folder: Path, stated: dict[str, Any]) -> CompiledModel:
    """Compile a model.

    Args:
        content: of its file.
        folder: where the file lies, with its external data if there is any.
        stated: fields of its manifest as far as they are known, name and sha256 at least; the model's family
            fills in the rest.

    Raises:
        ModelLoadError: it cannot be used; also where manifest and model contradict one another.
    """
    size = stated.get("input", {})
    given = (size["width"], size["height"]) if {"width", "height"} <= size.keys() else None
    parsed = parse(content, folder)
    model = with_input(parsed.model, given)
    family, head = recognise(signature(model), stated.get("family"))
    usual = FAMILIES[family].input(head).model_dump()
    labels = stated.get("labels") or _labels(head)
    manifest = validated({**stated, "family": family, "labels": labels, "input": {**usual, **size}})
    _agree(manifest, head)
    freed = free_batch(fold_stem(model), manifest.input)
    graph = compile_graph(freed, family, head, manifest.input).SerializeToString()
    return CompiledModel(manifest, graph, parsed.whole)


def _labels(head: Head) -> tuple[str, ...]:
    if head.labels is not None:
        return head.labels
    if head.classes == len(COCO_LABELS):
        return COCO_LABELS
    raise ModelLoadError(f"its {head.classes} classes have no names: a manifest beside it must give labels")


def _agree(manifest: ModelManifest, head: Head) -> None:
    if len(manifest.labels) != head.classes:
        raise ModelLoadError(
            f"manifest: labels: expected {head.classes} names, one a class, received {len(manifest.labels)}"
        )
    size = (manifest.input.width, manifest.input.height)
    if size != (head.width, head.height):
        raise ModelLoadError(
            f"manifest: input: expected the model's {head.width}x{head.height}, received {size[0]}x{size[1]}"
        )
