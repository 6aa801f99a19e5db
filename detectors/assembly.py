"""From a model file to its manifest and its compiled graph: the slow way, gone once per model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.batchaxis import free_batch
from detectors.classification import classifier, is_classifier
from detectors.coco import COCO_LABELS
from detectors.compiled import CompiledModel
from detectors.errors import ModelLoadError
from detectors.families import FAMILIES, candidates
from detectors.graph import compile_graph
from detectors.manifest import validated
from detectors.modelfile import parse, signature, with_input
from detectors.recognition import Reading, decided, sample
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
        ModelLoadError: it cannot be used; also where manifest and model contradict one another, and where
            several families read its outputs and a trial cannot tell which.
    """
    size = stated.get("input", {})
    given = (size["width"], size["height"]) if {"width", "height"} <= size.keys() else None
    parsed = parse(content, folder)
    model = with_input(parsed.model, given)
    labels = tuple(stated["labels"]) if "labels" in stated else None
    told = signature(model, labels, sample(model))
    if is_classifier(told, stated):
        return classifier(parsed, model, told, stated)
    heads = candidates(told, stated.get("family"))
    model = fold_stem(model)
    chosen = decided(model, _readings(stated, heads, told.labels))
    freed = free_batch(model, chosen.manifest.input)
    graph = compile_graph(freed, chosen.family, chosen.head, chosen.manifest.input).SerializeToString()
    return CompiledModel(chosen.manifest, graph, parsed.whole)


def _readings(
    stated: dict[str, Any], heads: dict[str, Head], labels: tuple[str, ...] | None
) -> list[Reading]:
    """The families that the manifest does not contradict, each with the whole manifest.

    Raises:
        ModelLoadError: it contradicts all of them; says what is wrong with the first.
    """
    readings, wrong = [], []
    for family, head in heads.items():
        try:
            readings.append(Reading(family, head, _manifest(stated, family, head, labels)))
        except ModelLoadError as error:
            wrong.append(error)
    if not readings:
        raise wrong[0]
    return readings


def _manifest(
    stated: dict[str, Any], family: str, head: Head, labels: tuple[str, ...] | None
) -> ModelManifest:
    usual = FAMILIES[family].input(head).model_dump()
    given = stated if "labels" in stated else {**stated, "labels": _labels(head, labels)}
    manifest = validated({**given, "family": family, "input": {**usual, **stated.get("input", {})}})
    _agree(manifest, head)
    return manifest


def _labels(head: Head, labels: tuple[str, ...] | None) -> tuple[str, ...]:
    if head.labels is not None:
        return head.labels
    if labels is not None and len(labels) == head.classes:
        return labels
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
