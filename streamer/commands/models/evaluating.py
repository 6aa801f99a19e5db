"""``sightline models evaluate``: how good a model is, on pictures whose truth is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

from streamer.commands.models.naming import add_model, add_statements, models_of, stated_by
from streamer.commands.parsers import REGIONS, Subparsers, regions
from streamer.errors import ConfigError

COLUMNS: Final = {
    "AP": "AP",
    "AP50": "AP50",
    "AP75": "AP75",
    "AP_small": "small",
    "AP_medium": "medium",
    "AP_large": "large",
    "recall": "recall",
    "recall_small": "small",
}
"""Figures and what stands above them."""
NOTE: Final = (
    "AP, AP50, AP75 and AP of small (below 32x32 pixels), medium and large (96x96) objects are COCO's: "
    "scores above 0.001, suppression of each class at IoU 0.65, a box may be of several classes, "
    "100 detections a picture. Recall is at the model's own least confidence."
)


def add_action(actions: Subparsers) -> None:
    evaluate = actions.add_parser(
        "evaluate", help="average precision on a COCO set, or accuracy on class folders", description=NOTE
    )
    add_model(evaluate)
    add_statements(evaluate)
    evaluate.add_argument("--coco", type=Path, metavar="instances.json", help="of a detector")
    evaluate.add_argument("--images", type=Path, metavar="DIR", help="where its pictures are")
    evaluate.add_argument("--pictures", type=Path, metavar="DIR", help="of a classifier: a folder a class")
    evaluate.add_argument("--regions", type=regions, default="full", metavar=REGIONS, help="what to look at")
    evaluate.add_argument("--json", type=Path, metavar="F", help="write the figures to a file")
    evaluate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print how good it is, over all and by class; with ``--json`` write it, too."""
    if options.json:
        claim(options.json)
    if options.pictures is not None and options.coco is None and options.images is None:
        figures = classified(options)
    elif options.pictures is None and None not in (options.coco, options.images):
        figures = detected(options)
    else:
        raise ConfigError("expected --coco and --images of a detector, or --pictures of a classifier")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def classified(options: argparse.Namespace) -> dict[str, Any]:
    """Print accuracy and what is taken for what."""
    from detectors.classifier import load
    from detectors.measuring.evaluate_pictures import evaluate_pictures

    figures = evaluate_pictures(
        load(options.model, models=models_of(options), stated=stated_by(options)), options.pictures
    )
    print(f"accuracy {figures['accuracy']:.3f} of {figures['pictures']} pictures")
    print(f"{'class':<16} {'pictures':>8} {'precision':>9} {'recall':>6}  taken for")
    for name, figure in figures["per_class"].items():
        row = figures["confusion"][figures["labels"].index(name)]
        taken = ", ".join(f"{label} {n}" for label, n in zip(figures["labels"], row, strict=True) if n)
        precision = "-" if figure["precision"] is None else f"{figure['precision']:.3f}"
        print(f"{name:<16} {figure['pictures']:>8} {precision:>9} {figure['recall']:6.3f}  {taken}")
    if figures["ignored"]:
        print(f"left out, no classes of the model: {', '.join(figures['ignored'])}")
    for path in figures["unreadable"]:
        print(f"left out, cannot be read: {path}")
    return figures


def detected(options: argparse.Namespace) -> dict[str, Any]:
    """Print precision and recall."""
    from detectors.detector import load
    from detectors.measuring.evaluate import evaluate
    from streamer.regions import boxes_of

    figures = evaluate(
        load(options.model, models=models_of(options), stated=stated_by(options)),
        options.coco,
        options.images,
        boxes_of(options.regions),
    )
    print(f"{'class':<16}", *(f"{head:>6}" for head in COLUMNS.values()))
    for name, figure in [*sorted(figures["per_class"].items()), ("all", figures)]:
        columns = (figure[key] for key in COLUMNS)
        print(f"{name:<16}", *("     -" if value is None else f"{value:6.3f}" for value in columns))
    return figures


def claim(path: Path) -> None:
    """Make sure that the file can be written, before minutes of work."""
    new = not path.exists()
    try:
        path.open("a").close()
        if new:
            # Of work that fails no empty file is left.
            path.unlink()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
