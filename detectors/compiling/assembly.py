"""From a model file to its manifest and its compiled graph: the slow way, gone once per model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from detectors.coco import COCO_LABELS
from detectors.compiling.alone import Alone
from detectors.compiling.axis import with_axis_of_outputs
from detectors.compiling.batchaxis import free_batch
from detectors.compiling.compiled import CompiledModel
from detectors.compiling.firstlayer import folded
from detectors.compiling.graph import compile_graph
from detectors.compiling.lastsoftmax import deferred
from detectors.compiling.modelfile import parse, signature, size_in_metadata, with_input
from detectors.compiling.standard import size_told, takes_bytes
from detectors.compiling.stem import fold_stem
from detectors.errors import ModelLoadError, UnknownFamily, WrongSize
from detectors.families import FAMILIES, candidates
from detectors.families.usual import TRIED, usual_for
from detectors.manifest import validated
from detectors.recognising.classification import STATES, classifier, is_classifier
from detectors.recognising.preparing import told_by, written_by_ultralytics
from detectors.recognising.recognition import Known, decided, sample
from detectors.recognising.trial import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.compiling.modelfile import ParsedModel
    from detectors.families.family import Head, Signature
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
    parsed = parse(content, folder)
    if _size_stated(stated) or size_in_metadata(parsed.model) or all(size_told(parsed.model)):
        return _compiled(_seen(parsed, stated, beside), stated, beside)
    return _at_usual_size(parsed, stated, beside)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A model at one size.

    Attributes:
        parsed: as it came.
        alone: with one input, as it runs.
        told: what it says of itself, and showed in a run.
        heads: the families that fit; none where it is a classifier.
    """

    parsed: ParsedModel
    alone: Alone
    told: Signature
    heads: dict[str, Head] | None


def _seen(parsed: ParsedModel, stated: dict[str, Any], beside: LabelsFile | None) -> _Seen:
    alone = Alone(fold_stem(with_input(parsed.model, _size_stated(stated))))
    told = _told(alone, stated, beside)
    if is_classifier(told, stated):
        return _Seen(parsed, alone, told, None)
    try:
        return _Seen(parsed, alone, told, candidates(told, stated.get("family")))
    except UnknownFamily as error:
        alone = Alone(with_axis_of_outputs(alone.model))
        told = _told(alone, stated, beside)
        try:
            return _Seen(parsed, alone, told, candidates(told, stated.get("family")))
        except UnknownFamily:
            raise error from None


def _told(alone: Alone, stated: dict[str, Any], beside: LabelsFile | None) -> Signature:
    labels = tuple(stated["labels"]) if "labels" in stated else None
    return signature(alone.model, labels, sample(alone), beside.labels if beside else None)


def _at_usual_size(parsed: ParsedModel, stated: dict[str, Any], beside: LabelsFile | None) -> CompiledModel:
    """Compile a model that takes pictures of any size for that which is usual for its family."""
    refused: ModelLoadError | None = None
    told = size_told(parsed.model)
    for size in (_fitted(each, told) for each in TRIED):
        try:
            seen = _seen(parsed, _sized(stated, size), beside)
        except (WrongSize, UnknownFamily) as error:
            # Of what else is wrong another size would change nothing.
            refused = refused or error
            continue
        made = _compiled(seen, _sized(stated, size), beside)
        usual = _fitted(usual_for(made.manifest.family, made.manifest.task), told)
        if usual != size:
            # Where it does not run at the usual size, the one that was found remains.
            with suppress(ModelLoadError):
                again = _compiled(_seen(parsed, _sized(stated, usual), beside), _sized(stated, usual), beside)
                made = again if again.manifest.family == made.manifest.family else made
        return _with_size_said(made, usual, stated)
    assert refused is not None
    refused.args = (f"{refused}; it takes pictures of any size: --size or a manifest may say which",)
    raise refused


def _fitted(size: tuple[int, int], told: tuple[int, int]) -> tuple[int, int]:
    """A size, with the side in it that a model does not leave open."""
    return told[0] or size[0], told[1] or size[1]


def _with_size_said(made: CompiledModel, usual: tuple[int, int], stated: dict[str, Any]) -> CompiledModel:
    """The same; what is told of it says why its pictures have this size."""
    if "assumed" in stated:
        return made
    manifest, size = made.manifest, (made.manifest.input.width, made.manifest.input.height)
    whose = manifest.family if manifest.task == "detect" else "classifiers"
    why = f"as is usual for {whose}" if size == usual else "the first of the usual ones at which it works"
    said = f"size: {size[0]}x{size[1]}, {why}; it takes any (--size gives another)"
    told = "; ".join(text for text in (manifest.assumed, said) if text)
    return replace(made, manifest=manifest.model_copy(update={"assumed": told}))


def _size_stated(stated: dict[str, Any]) -> tuple[int, int] | None:
    """Width and height that a manifest gives."""
    size = stated.get("input", {})
    return (size["width"], size["height"]) if {"width", "height"} <= size.keys() else None


def _sized(stated: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """The fields of a manifest, with a size."""
    sides = dict(zip(("width", "height"), size, strict=True))
    return {**stated, "input": {**stated.get("input", {}), **sides}}


def _compiled(seen: _Seen, stated: dict[str, Any], beside: LabelsFile | None) -> CompiledModel:
    parsed, alone, told = seen.parsed, seen.alone, seen.told
    if seen.heads is None:
        return classifier(parsed, alone, told, stated)
    by_metadata = told_by(told.metadata)
    known = Known(
        family=stated.get("family") is not None,
        preparation=any(field in stated.get("input", {}) for field in STATES)
        or by_metadata is not None
        or written_by_ultralytics(told.metadata),
        takes_bytes=takes_bytes(parsed.model),
        told=by_metadata,
    )
    readings = _readings(stated, seen.heads, _Names(told.labels, beside), known)
    decision = decided(alone, readings, known)
    chosen = decision.reading
    manifest = chosen.manifest
    if "assumed" not in stated:
        said = "; ".join(text for text in (manifest.assumed, decision.said) if text)
        manifest = manifest.model_copy(update={"assumed": said})
    freed = free_batch(alone, chosen.manifest.input)
    ready, spec = folded(freed, chosen.manifest.input)
    ready, head = deferred(ready, chosen.family, chosen.head)
    graph = compile_graph(ready, chosen.family, head, spec)
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
    if known.told is not None:
        usual |= {"channels": known.told.channels, "mean": known.told.mean, "std": known.told.std}
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
