"""The report of a training: one JSON document, and the same as one page that needs nothing else."""

from __future__ import annotations

import platform
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from trainer.cores import cores

if TYPE_CHECKING:
    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Dataset
    from trainer.gate import Comparison
    from trainer.judging import Judgement
    from trainer.options import TrainOptions
    from trainer.training import Trained

SCHEMA: Final = "sightline.training/1"
LISTED: Final = 200
"""Of what was left out, as many are named."""


def document(
    dataset: Dataset, backbone: Backbone, options: TrainOptions, judgement: Judgement, trained: Trained
) -> dict[str, Any]:
    """All but time, gate and version, which come later. ``accuracy`` is of the held-out pictures."""
    figures, final = judgement.figures.as_json(), trained.final
    return {
        "schema": SCHEMA,
        "name": options.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **figures,
        "method": _method(judgement, options),
        "accuracy_by_fold": list(judgement.by_fold),
        "ece_before_calibration": judgement.raw_ece,
        "temperature": judgement.temperature,
        "threshold": judgement.threshold,
        "labels": list(dataset.labels),
        "mistakes": [asdict(mistake) for mistake in judgement.mistakes],
        "data": data(dataset),
        "backbone": {
            "name": backbone.name,
            "about": backbone.about,
            "key": backbone.key,
            "input": backbone.input.model_dump(),
        },
        "epochs": {"head": final.epochs, "fine_tuning": final.tuned.epochs if final.tuned else 0},
        "fine_tuning": asdict(trained.choice) if trained.choice else None,
        "options": _options(options),
        "machine": {"cores": cores(), "processor": platform.machine(), "python": platform.python_version()},
    }


def data(dataset: Dataset) -> dict[str, Any]:
    """What was trained on, and what was left out."""
    return {
        "about": dataset.about,
        "digest": dataset.digest,
        "pictures": len(dataset.pictures),
        "counts": dataset.counts,
        "groups": len(set(dataset.groups)),
        "quarantined": len(dataset.quarantined),
        "quarantined_pictures": [asdict(each) for each in dataset.quarantined[:LISTED]],
        "ignored": list(dataset.ignored[:LISTED]),
        "remarks": list(dataset.remarks),
    }


def with_gate(report: dict[str, Any], comparison: Comparison) -> dict[str, Any]:
    return {**report, "gate": asdict(comparison)}


def summary(report: dict[str, Any]) -> list[str]:
    """What a person wants to know first, in a few lines."""
    low, high = report["interval"]
    lines = [
        f"accuracy {report['accuracy']:.3f} (95 %: {low:.3f} to {high:.3f}) "
        f"on {report['pictures']} pictures, {report['method']}",
        f"balanced accuracy {report['balanced_accuracy']:.3f}, calibration error {report['ece']:.3f}, "
        f'"none of these" below {report["threshold"]:.2f}',
        f"an answer takes {report['inference_ms']:.1f} ms of one core",
    ]
    for each in report["per_class"]:
        precision = "-" if each["precision"] is None else f"{each['precision']:.3f}"
        lines.append(
            f"  {each['label']:<20} {each['pictures']:>6} pictures  "
            f"precision {precision}  recall {each['recall']:.3f}"
        )
    return lines


def _method(judgement: Judgement, options: TrainOptions) -> str:
    if len(judgement.by_fold) == 1:
        return f"held out of the training ({options.division.held_out:.0%})"
    return f"out of fold, {len(judgement.by_fold)} folds"


def _options(options: TrainOptions) -> dict[str, Any]:
    told = asdict(options)
    return {key: _plain(value) for key, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
