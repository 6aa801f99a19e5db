"""A trained network as a model of the catalogue: weights, and a manifest with measured figures."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from detectors.detector import load
from detectors.errors import DetectorError
from detectors.letterbox import fit
from detectors.manifest import InputSpec, ModelManifest, Thresholds
from detectors.measuring.evaluate import evaluate
from detectors.pixels import BgrPixels
from detectors.quantizing.quantize import quantize
from trainer.errors import TrainerError
from trainer.nano import export
from trainer.nano.architecture import NetworkSpec, outputs
from trainer.nano.dataset import Picture
from trainer.nano.score import best_confidence, count, scenes

INPUT = InputSpec(width=320, height=320)
IOU = 0.45
LIMITS = (
    "People and vehicles under about 16 pixels high in the 320 pixel input are mostly missed, so those under "
    "about 64 in a 1280x720 picture; dense crowds come out as few boxes; trucks are confused with buses and "
    "cars; rare views (from above, at night, infrared, fisheye) were hardly trained. sim://street was part "
    "of the training: figures on it say nothing about real streets."
)


@dataclass(frozen=True, slots=True)
class Held:
    """COCO files that were not trained on: real pictures, and those that the threshold is chosen on."""

    pictures: Path
    streets: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Draft:
    """A model before it is measured: name in the catalogue, graph, what it was trained on."""

    name: str
    model: onnx.ModelProto
    source: str


def small(model: onnx.ModelProto, pictures: Sequence[Picture]) -> onnx.ModelProto:
    """The INT8 form of the network, calibrated on pictures.

    The last layers stay float: their few channels cost little, their error would go straight into the boxes.
    """
    inputs = (
        np.ascontiguousarray(fit(BgrPixels(picture.image), INPUT)[0].transpose(2, 0, 1)[None], np.float32)
        for picture in pictures
    )
    return quantize(model, inputs, outputs())


def release(draft: Draft, held: Held, folder: Path) -> ModelManifest:
    """Write `<name>.onnx` and `<name>.json` with the threshold and the figures measured on what was held out.

    Raises:
        TrainerError: The graph does not load as a detector, or a set cannot be evaluated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{draft.name}.onnx"
    export.write(draft.model, weights)
    manifest = ModelManifest(
        name=draft.name,
        version="0",
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        family="sightline",
        input=INPUT,
        labels=NetworkSpec().labels,
        license="Apache-2.0",
        source=draft.source,
        limits=LIMITS,
    )
    _write(manifest, weights)
    try:
        thresholds, metrics = measure(weights, held)
    except DetectorError as error:
        raise TrainerError(f"{weights}: cannot be measured: {error}") from error
    manifest = manifest.model_copy(update={"thresholds": thresholds, "metrics": metrics})
    _write(manifest, weights)
    return manifest


def measure(weights: Path, held: Held) -> tuple[Thresholds, dict[str, float]]:
    """The threshold at which people of the street are found best, and AP and recall by name."""
    detector = load(str(weights))
    result = evaluate(detector, held.pictures, held.pictures.parent / "images")
    metrics = {"val_AP": result["AP"], "val_AP50": result["AP50"]}
    metrics |= {f"val_AP50_{name}": values["AP50"] for name, values in result["per_class"].items()}
    seen = [scene for path in held.streets for scene in scenes(detector, path, "person", IOU)]
    confidence = best_confidence(seen)
    counts = count(seen, confidence)
    metrics |= {"street_recall_person": counts.recall, "street_precision_person": counts.precision}
    rounded = {name: round(value, 4) for name, value in metrics.items()}
    return Thresholds(confidence=confidence, iou=IOU), rounded


def _write(manifest: ModelManifest, weights: Path) -> None:
    weights.with_suffix(".json").write_text(manifest.model_dump_json(indent=2) + "\n")


def table(manifest: ModelManifest) -> str:
    """The figures for a person, a line for each."""
    rows = [f"{manifest.name}: threshold {manifest.thresholds.confidence}"]
    rows += [f"  {name:<26} {value:.3f}" for name, value in manifest.metrics.items()]
    return "\n".join(rows)
