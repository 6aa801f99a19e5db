"""``sightline bench``: how fast it is on this machine."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Final

from streamer.commands.parsers import DATA, Subparsers

DEFAULT_S: Final = 15.0
LEAST_S: Final = 0.5


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("bench", help="measure the speed, beside the limit of this machine")
    parser.add_argument("--source", metavar="F", help="a video, or sim://street?.. (the simulated street)")
    parser.add_argument("--model", default="sightline-nano", metavar="M", help="its name or path")
    parser.add_argument("--data", type=Path, metavar="DIR", help=f"where the store of models is ({DATA})")
    parser.add_argument(
        "--seconds", type=duration, default=DEFAULT_S, metavar="S", help="of each measurement (15)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; a target that is missed is no failure."""
    from rich.console import Console

    from detectors.store import models_in, resolve
    from streamer.bench.benchmark import benchmark
    from streamer.bench.table import notes, table

    # The measured programs need no store: its models are files like others.
    model = str(resolve(options.model, models_in(options.data or DATA)).weights)
    progress = Console(stderr=True)
    if sys.stderr.isatty():
        with progress.status("") as status:
            result = benchmark(options.source, model, options.seconds, status.update)
    else:
        result = benchmark(options.source, model, options.seconds, lambda _: None)
    if options.json:
        print(json.dumps(result.as_json()))
        return 0
    console = Console()
    console.print(table(result.report))
    for note in notes(result):
        console.print(note, highlight=False, soft_wrap=True)
    return 0


def duration(text: str) -> float:
    """Seconds, long enough to measure anything."""
    value = float(text)
    if not LEAST_S <= value < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds from {LEAST_S} on, received {text!r}")
    return value
