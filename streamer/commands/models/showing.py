"""``sightline models show``: what a model is, and how it is understood."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from streamer.commands.models.naming import add_model, models_of, order_of, size_of, store_of
from streamer.commands.parsers import Subparsers

if TYPE_CHECKING:
    from detectors.examining.examination import Examined, Tensor
    from detectors.manifest import InputSpec
    from detectors.store import ModelFiles, ModelStore

SHOWN_LABELS: Final = 12
SHOWN_TENSORS: Final = 12
WIDTH: Final = 12


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("show", help="what a model is, and how it is understood")
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print its whole manifest")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Examine the model and tell; a file that nobody has added is read in a process of its own."""
    from detectors.examining.examination import Bounds, examine
    from detectors.store import resolve

    files = resolve(options.model, models_of(options))
    found = examine(order_of(files.name, files, {}, Bounds()))
    if options.json:
        print(found.manifest.model_dump_json(indent=2))
        return 0
    for head, text in lines(found, files, store_of(options)):
        print(f"{head:<{WIDTH}}{text}")
    return 0


def lines(found: Examined, files: ModelFiles, store: ModelStore) -> Iterator[tuple[str, str]]:
    """What is told of a model: a word, and what it is."""
    manifest = found.manifest
    yield "name", manifest.name
    if files.version is not None:
        versions, serving = store.versions(files.name), store.serving(files.name)
        yield "version", f"{files.version} of {', '.join(versions)}; {serving or 'none'} serves"
    yield "file", f"{files.weights} ({size_of(files.weights.stat().st_size)}, {found.operators} operators)"
    yield "sha256", manifest.sha256
    yield "task", "says what a picture is of" if manifest.task == "classify" else "finds objects"
    yield "family", manifest.family
    yield "pictures", prepared(manifest.input)
    yield "batch", "any number of pictures a run" if found.any_batch else "one picture a run"
    yield "inputs", _tensors(found.inputs)
    yield "outputs", _tensors(found.outputs)
    names, count = manifest.labels, len(manifest.labels)
    more = ", .." if count > SHOWN_LABELS else ""
    yield "classes", f"{count}: {', '.join(names[:SHOWN_LABELS])}{more}"
    yield "thresholds", f"confidence {manifest.thresholds.confidence:g}, IoU {manifest.thresholds.iou:g}"
    yield "license", manifest.license
    yield "source", manifest.source
    if manifest.metrics:
        yield "metrics", ", ".join(f"{name} {value:g}" for name, value in manifest.metrics.items())
    for word in ("limits", "assumed", "ignored"):
        if text := getattr(manifest, word):
            yield word, text


def prepared(spec: InputSpec) -> str:
    """How a picture is made ready for a model."""
    told = {"stretch": "stretched", "crop": f"the middle of it, {spec.letterbox.shown:g} of its shorter side"}
    fitted = told.get(spec.letterbox.mode, f"letterbox {spec.letterbox.mode}")
    return f"{spec.width}x{spec.height} {spec.channels}, {_scaled(spec)}, {fitted}"


def _scaled(spec: InputSpec) -> str:
    if not any(spec.mean) and set(spec.std) in ({1.0}, {255.0}):
        return "0 to 255" if spec.std[0] == 1 else "0 to 1"
    mean, std = ("/".join(f"{value:g}" for value in values) for values in (spec.mean, spec.std))
    return f"(pixel - {mean}) / {std}"


def _tensors(tensors: tuple[Tensor, ...]) -> str:
    from detectors.wording import escaped

    told = [f"{each.name:.60} {each.type} [{','.join(map(str, each.shape))}]" for each in tensors]
    rest = f" and {len(told) - SHOWN_TENSORS} more" if len(told) > SHOWN_TENSORS else ""
    return escaped(", ".join(told[:SHOWN_TENSORS])) + rest
