"""``sightline sim``: the simulated street as a labelled set."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.commands.parsers import Subparsers, positive
from streamer.errors import ConfigError


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("sim", help="the simulated street as a labelled set")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    export = actions.add_parser("export", help="write the street as a COCO set")
    export.add_argument("url", metavar="URL", help="such as sim://street?seed=7&people=8")
    export.add_argument("--frames", type=positive, required=True, metavar="N")
    export.add_argument("--out", type=Path, required=True, metavar="DIR")
    export.set_defaults(run=run_export)


def run_export(options: argparse.Namespace) -> int:
    """Write ``images/`` and ``instances.json`` with the exact truth of every picture."""
    from streamer.capture.street.export import export
    from streamer.capture.street.options import StreetOptions

    if options.out.is_dir() and any(options.out.iterdir()):
        raise ConfigError(f"{options.out}: expected an empty folder, received one with files in it")
    try:
        street = StreetOptions.from_url(options.url)
        instances = export(street, options.frames, options.out)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{options.out}: cannot be written: {error.strerror}") from None
    print(instances)
    return 0
