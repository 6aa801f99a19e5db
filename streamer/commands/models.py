"""``sightline models``: how good a detector is, on pictures whose truth is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from streamer.commands.parsers import REGIONS, Subparsers, regions
from streamer.errors import ConfigError


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("models", help="how good a detector is")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    evaluate = actions.add_parser("evaluate", help="average precision on a COCO set")
    evaluate.add_argument("model", metavar="MODEL", help="catalogue name or path")
    evaluate.add_argument("--coco", type=Path, required=True, metavar="instances.json")
    evaluate.add_argument("--images", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--regions", type=regions, default="full", metavar=REGIONS, help="what to look at")
    evaluate.add_argument("--json", type=Path, metavar="F", help="write the figures to a file")
    evaluate.set_defaults(run=run_evaluate)


def run_evaluate(options: argparse.Namespace) -> int:
    """Print precision and recall, over all and by class; with ``--json`` write them, too."""
    from detectors.detector import load
    from detectors.evaluate import evaluate
    from streamer.regions import boxes_of

    if options.json:
        claim(options.json)
    figures = evaluate(load(options.model), options.coco, options.images, boxes_of(options.regions))
    print(f"{'class':<16} {'AP':>6} {'AP50':>6} {'recall':>6} {'small':>6}")
    for name, figure in [*sorted(figures["per_class"].items()), ("all", figures)]:
        columns = (figure[key] for key in ("AP", "AP50", "recall", "recall_small"))
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
