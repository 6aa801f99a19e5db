"""``sightline models list``: the models that have a name."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streamer.commands.models.naming import size_of, store_of
from streamer.commands.parsers import Subparsers, add_place

if TYPE_CHECKING:
    from detectors.store import ModelFiles, ModelStore


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("list", help="the models that have a name, and which version serves")
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each version of each model."""
    rows = list(_rows(store_of(options)))
    if options.json:
        print(json.dumps(rows))
        return 0
    heads = ("model", "serves", "task", "family", "input", "classes", "size")
    lines = [heads, *(tuple(str(row[head]) for head in heads) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def _rows(store: ModelStore) -> Iterator[dict[str, Any]]:
    from detectors.store import catalogue, resolve

    for name in catalogue():
        yield {"model": name, "serves": "built in", **_about(resolve(name))}
    for name in store.names():
        serving = store.serving(name)
        for version in store.versions(name):
            serves = "serves" if version == serving else ""
            yield {"model": f"{name}@{version}", "serves": serves, **_about(store.find(f"{name}@{version}"))}


def _about(files: ModelFiles) -> dict[str, Any]:
    """What a manifest says; nothing of the model itself is read."""
    from detectors.manifest import stated_in

    stated = stated_in(files.manifest.read_bytes()) if files.manifest else {}
    width, height = (stated.get("input", {}).get(side, "?") for side in ("width", "height"))
    return {
        "task": stated.get("task", "detect"),
        "family": stated.get("family", "?"),
        "input": f"{width}x{height}",
        "classes": len(stated.get("labels", ())),
        "size": size_of(files.weights.stat().st_size),
    }
