"""``sightline models evaluate``: how good a detector is, on pictures whose truth is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from streamer.commands.models.naming import add_model, models_of
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
    evaluate = actions.add_parser("evaluate", help="average precision on a COCO set", description=NOTE)
    add_model(evaluate)
    evaluate.add_argument("--coco", type=Path, required=True, metavar="instances.json")
    evaluate.add_argument("--images", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--regions", type=regions, default="full", metavar=REGIONS, help="what to look at")
    evaluate.add_argument("--json", type=Path, metavar="F", help="write the figures to a file")
    evaluate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print precision and recall, over all and by class; with ``--json`` write them, too."""
    from detectors.detector import load
    from detectors.evaluate import evaluate
    from streamer.regions import boxes_of

    if options.json:
        claim(options.json)
    figures = evaluate(
        load(options.model, models=models_of(options)),
        options.coco,
        options.images,
        boxes_of(options.regions),
    )
    print(f"{'class':<16}", *(f"{head:>6}" for head in COLUMNS.values()))
    for name, figure in [*sorted(figures["per_class"].items()), ("all", figures)]:
        columns = (figure[key] for key in COLUMNS)
        print(f"{name:<16}", *("     -" if value is None else f"{value:6.3f}" for value in columns))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def claim(path: Path) -> None:
    """Make sure that the file can be written, before minutes of work."""
    try:
        path.open("a").close()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
