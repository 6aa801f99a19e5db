"""``sightline classify``: what pictures are of, by a classifier."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.parsers import add_place, kept_in

if TYPE_CHECKING:
    import argparse

    from detectors.classifier import Answer, Classifier
    from streamer.commands.parsers import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("classify", help="say what pictures are of, by a classifier")
    parser.add_argument("model", metavar="MODEL", help="NAME[@VERSION] of the store, or a path")
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each picture")
    add_place(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from detectors.classifier import load
    from detectors.measuring.evaluate_pictures import answer
    from detectors.store import models_in

    classifier = load(options.model, models=models_in(kept_in(options)))
    unread = 0
    for path in options.pictures:
        said = answer(classifier, path)
        if said is None:
            unread += 1
            print(f"sightline: {path}: no picture that can be read", file=sys.stderr)
        else:
            print(_line(classifier, path, said, as_json=options.json))
    return 2 if unread else 0


def _line(classifier: Classifier, path: Path, said: Answer, *, as_json: bool) -> str:
    if not as_json:
        return f"{path}  {said.label or 'none of these'}  {said.confidence:.3f}"
    shares = dict(zip(classifier.labels, (round(each, 4) for each in said.probabilities), strict=True))
    told = {
        "file": str(path),
        "label": said.label,
        "confidence": round(said.confidence, 4),
        "probabilities": shares,
    }
    return json.dumps(told, ensure_ascii=False)
