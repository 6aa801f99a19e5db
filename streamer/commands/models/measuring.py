"""``sightline models bench``: what the compiled graph costs over the bare model."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from streamer.commands.bench import duration
from streamer.commands.models.naming import add_model, models_of
from streamer.commands.parsers import Subparsers, positive

if TYPE_CHECKING:
    from detectors.store import ModelFiles

BATCHES: Final = (1, 2, 4, 8)


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("bench", help="what the compiled graph costs over the bare model")
    add_model(parser)
    parser.add_argument(
        "--batch", type=positive, nargs="+", default=BATCHES, metavar="N", help="pictures a run (1 2 4 8)"
    )
    parser.add_argument("--seconds", type=duration, default=5, metavar="S", help="of each measurement (5)")
    parser.add_argument("--starts", action="store_true", help="how long it takes to start, instead")
    parser.add_argument("--json", action="store_true", help="print one JSON array, or object of starts")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure both in turns on one thread, and print their CPU time and its ratio."""
    from detectors.measuring.speed import compared
    from detectors.store import resolve

    files = resolve(options.model, models_of(options))
    if options.starts:
        return _starts(files, as_json=options.json)
    speeds = compared(files, options.batch, options.seconds)
    if options.json:
        rows = ({"batch": each.batch, "bare_s": each.bare_s, "graph_s": each.graph_s} for each in speeds)
        print(json.dumps([{**row, "ratio": row["graph_s"] / row["bare_s"]} for row in rows]))
        return 0
    print(f"{files.name}: CPU time of a run on one thread")
    print("bare: session.run of the file, its input ready-made (picture by picture where it takes only one)")
    print("graph: from bytes to boxes")
    print(f"{'batch':>5} {'bare':>10} {'graph':>10} {'graph/bare':>10} {'a picture':>10}")
    for each in speeds:
        times = (each.bare_s, each.graph_s, each.graph_s / each.batch)
        bare, graph, picture = (f"{1000 * value:.2f} ms" for value in times)
        print(f"{each.batch:>5} {bare:>10} {graph:>10} {each.ratio:>10.3f} {picture:>10}")
    return 0


def _starts(files: ModelFiles, *, as_json: bool) -> int:
    from detectors.measuring.starting import started

    starts = started(files)
    if as_json:
        print(json.dumps(asdict(starts)))
        return 0
    print(f"{files.name}: seconds to start, without those of Python itself")
    print(f"first time {starts.first_s:.2f} (read, tried, compiled and loaded)")
    print(f"from the cache {starts.cached_s:.2f}, {starts.cached_s - starts.bare_s:+.2f} to the bare session")
    print(f"bare session {starts.bare_s:.2f}")
    return 0
