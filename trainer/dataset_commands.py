"""``dataset stats|export|import`` on the command line; none of them loads TensorFlow."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.data.collection import collect, independent, listing
from trainer.data.exchange import export, imported
from trainer.parser import add_labels
from trainer.report import data
from trainer.workspace import told

if TYPE_CHECKING:
    from trainer.data.sample import Dataset
    from trainer.parser import Parser


def add_parser(recipes: argparse._SubParsersAction[Parser]) -> None:
    """Put `dataset` under the trainer's commands."""
    parser = recipes.add_parser(
        "dataset", prog="sightline dataset", help="look at labelled pictures, and move them"
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    stats = actions.add_parser("stats", help="counts, near-duplicates, and what cannot be used")
    stats.add_argument("dataset", type=Path, metavar="DATASET")
    add_labels(stats)
    stats.add_argument("--json", type=Path, metavar="F", help="write the same, and more, to a file")
    stats.set_defaults(run=run_stats)
    out = actions.add_parser("export", help="labelled pictures as class folders")
    out.add_argument("dataset", type=Path, metavar="DATASET")
    out.add_argument("--out", type=Path, required=True, metavar="DIR|FILE.zip")
    add_labels(out)
    out.set_defaults(run=run_export)
    into = actions.add_parser("import", help="labelled pictures into a data folder")
    into.add_argument("dataset", type=Path, metavar="DATASET")
    into.add_argument("--data", type=Path, default=Path("sightline-data"), metavar="DIR")
    into.add_argument("--camera", default="imported", help="under whose name they come")
    into.set_defaults(run=run_import)


def run_stats(options: argparse.Namespace) -> int:
    """Print all that a person should know before a training; last the counts, which are looked for."""
    dataset = collect(listing(options.dataset, (*options.labels, *options.label)))
    _tell(dataset)
    alone = independent(dataset)
    most = max(dataset.counts.values(), default=0)
    for label, count in dataset.counts.items():
        drawn = "#" * round(20 * count / most)
        print(f"{label:<24} {count:>7} pictures  {alone[label]:>7} independent  {drawn}".rstrip())
    left = f"; {len(dataset.quarantined)} left out, as told above" if dataset.quarantined else ""
    print(f"{len(dataset.pictures)} pictures of {len(dataset.counts)} classes{left}")
    if options.json:
        with told(options.json):
            text = json.dumps({**data(dataset), "independent": alone}, indent=2)
            options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Write class folders, with `metadata.jsonl` that keeps events and days together."""
    dataset = collect(listing(options.dataset, (*options.labels, *options.label)))
    with told(options.out):
        export(dataset, options.out)
    _tell(dataset)
    print(f"{len(dataset.pictures)} pictures in {options.out}")
    return 0


def run_import(options: argparse.Namespace) -> int:
    """Put pictures beside those of the cameras; what is there already is not put there twice."""
    dataset = collect(listing(options.dataset))
    with told(options.data):
        count = imported(dataset, options.data, options.camera)
    _tell(dataset)
    print(f"{count} pictures imported, {len(dataset.pictures) - count} were there already")
    return 0


def _tell(dataset: Dataset) -> None:
    for remark in dataset.remarks:
        print(remark)
    for left in dataset.quarantined:
        print(f"left out: {left.name}: {left.reason}")
    for name in dataset.ignored:
        print(f"ignored: {name}")
