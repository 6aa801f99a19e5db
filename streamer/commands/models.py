"""``sightline models``: how good a detector is, on pictures whose truth is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from streamer.commands.parsers import Subparsers
from streamer.errors import ConfigError


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("models", help="how good a detector is")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    evaluate = actions.add_parser("evaluate", help="average precision on a COCO set")
    evaluate.add_argument("model", metavar="MODEL", help="catalogue name or path")
    evaluate.add_argument("--coco", type=Path, required=True, metavar="instances.json")
    evaluate.add_argument("--images", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--json", type=Path, metavar="F", help="write the figures to a file")
    evaluate.set_defaults(run=run_evaluate)


def run_evaluate(options: argparse.Namespace) -> int:
    """Print AP and AP50, over all and by class; with ``--json`` write them, too."""
    from detectors.detector import load
    from detectors.evaluate import evaluate

    if options.json:
        claim(options.json)
    figures = evaluate(load(options.model), options.coco, options.images)
    print(f"{'class':<16} {'AP':>6} {'AP50':>6}")
    for name, figure in sorted(figures["per_class"].items()):
        print(f"{name:<16} {figure['AP']:6.3f} {figure['AP50']:6.3f}")
    print(f"{'all':<16} {figures['AP']:6.3f} {figures['AP50']:6.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def claim(path: Path) -> None:
    """Make sure that the file can be written, before minutes of work."""
    try:
        path.open("a").close()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
