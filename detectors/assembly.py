"""From a model file to its manifest and its compiled graph: the slow way, gone once per model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.batchaxis import free_batch
from detectors.classification import STATES, classifier, is_classifier
from detectors.coco import COCO_LABELS
from detectors.compiled import CompiledModel
from detectors.errors import ModelLoadError
from detectors.families import FAMILIES, candidates
from detectors.firstlayer import folded
from detectors.graph import compile_graph
from detectors.manifest import validated
from detectors.modelfile import parse, signature, with_input
from detectors.preparing import written_by_ultralytics
from detectors.recognition import Known, decided, sample
from detectors.standard import takes_bytes
from detectors.stem import fold_stem
from detectors.trial import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.families.family import Head
    from detectors.labels import LabelsFile
    from detectors.manifest import ModelManifest


def assemble(
    content: bytes, folder: Path, stated: dict[str, Any], beside: LabelsFile | None = None
) -> CompiledModel:
    """Compile a model.

    Args:
        content: of its file.
        folder: where the file lies, with its external data if there is any.
        stated: fields of its manifest as far as they are known, name and sha256 at least; the model's family
            fills in the rest.
        beside: names of its classes that lie beside it, for a model that has none itself.

    Raises:
        ModelLoadError: it cannot be used; also where manifest and model contradict one another, and where
            several families read its outputs and a trial cannot tell which.
    """
    size = stated.get("input", {})
    given = (size["width"], size["height"]) if {"width", "height"} <= size.keys() else None
    parsed = parse(content, folder)
    model = with_input(parsed.model, given)
    labels = tuple(stated["labels"]) if "labels" in stated else None
    told = signature(model, labels, sample(model), beside.labels if beside else None)
    if is_classifier(told, stated):
        return classifier(parsed, model, told, stated)
    heads = candidates(told, stated.get("family"))
    model = fold_stem(model)
    known = Known(
        family=stated.get("family") is not None,
        preparation=any(field in size for field in STATES) or written_by_ultralytics(told.metadata),
        takes_bytes=takes_bytes(parsed.model),
    )
    readings = _readings(stated, heads, _Names(told.labels, beside), known)
    decision = decided(model, readings, known)
    chosen = decision.reading
    manifest = chosen.manifest
    if "assumed" not in stated:
        said = "; ".join(text for text in (manifest.assumed, decision.said) if text)
        manifest = manifest.model_copy(update={"assumed": said})
    freed = free_batch(model, chosen.manifest.input)
    ready, spec = folded(freed, chosen.manifest.input)
    graph = compile_graph(ready, chosen.family, chosen.head, spec)
    return CompiledModel(manifest, graph.SerializeToString(), parsed.whole)


def _readings(stated: dict[str, Any], heads: dict[str, Head], names: _Names, known: Known) -> list[Reading]:
    """The families that the manifest does not contradict, each with the whole manifest.

    Raises:
        ModelLoadError: it contradicts all of them; says what is wrong with the first.
    """
    readings, wrong = [], []
    for family, head in heads.items():
        try:
            readings.append(Reading(family, head, _manifest(stated, family, head, names, known)))
        except ModelLoadError as error:
            wrong.append(error)
    if not readings:
        raise wrong[0]
    return readings


def _manifest(stated: dict[str, Any], family: str, head: Head, names: _Names, known: Known) -> ModelManifest:
    usual = FAMILIES[family].input(head).model_dump()
    if known.takes_bytes:
        # Whatever they become is done inside.
        usual |= {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    given = stated
    if "labels" not in stated:
        labels, assumed = names.of(head)
        given = {"assumed": assumed, **stated, "labels": labels}
    own = {"family": family, "ignored": head.ignored, "input": {**usual, **stated.get("input", {})}}
    manifest = validated({**given, **own})
    _agree(manifest, head)
    return manifest


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of classes that a model may have: those it tells, and a file beside it."""

    told: tuple[str, ...] | None
    beside: LabelsFile | None

    def of(self, head: Head) -> tuple[tuple[str, ...], str]:
        """Of the classes of a head, and what of that is assumed."""
        if head.labels is not None:
            return head.labels, ""
        if self.told is not None and len(self.told) == head.classes:
            mine = self.beside is not None and self.told == self.beside.labels
            return self.told, f"labels: those of {self.beside.name} beside it" if self.beside and mine else ""
        if head.classes == len(COCO_LABELS):
            return COCO_LABELS, "labels: those of COCO, as it has 80 classes and tells no names"
        but = f" ({self.beside.name} has {len(self.beside.labels)})" if self.beside else ""
        raise ModelLoadError(
            f"its {head.classes} classes have no names{but}: a manifest beside it must give labels"
        )


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
