"""``sightline models export``: the compiled graph, for any ONNX runtime."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.commands.models.naming import add_model, models_of, size_of
from streamer.commands.parsers import Subparsers
from streamer.errors import ConfigError


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("export", help="write the compiled graph, pictures in and boxes out")
    add_model(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="else NAME-compiled.onnx; its manifest lies beside it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write graph and manifest."""
    from detectors.compiling.export import exported
    from detectors.store import resolve

    files = resolve(options.model, models_of(options))
    graph, manifest = exported(files)
    out = options.out or Path(f"{files.name}-compiled.onnx")
    beside = out.with_suffix(".json")
    if beside == out:
        raise ConfigError(f"--out: expected a file for the graph, as its manifest becomes {out}")
    if files.weights.exists() and out.exists() and out.samefile(files.weights):
        raise ConfigError(f"--out: expected another file than the model itself, received {out}")
    _write(out, graph)
    _write(beside, (manifest.model_dump_json(indent=2) + "\n").encode())
    print(f"{out} ({size_of(len(graph))}) and {beside}")
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        if path.is_file():
            # What is there of it is no graph.
            path.unlink()
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
