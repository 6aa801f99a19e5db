"""``sightline demo``: the simulated street and the embedded detector, nothing to download."""

from __future__ import annotations

import argparse
from functools import partial

from streamer.commands.parsers import Subparsers
from streamer.commands.run import EXAMPLE, add_service_options, data_folder, overridden, serve


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("demo", help="the simulated street, with the embedded detector")
    add_service_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from streamer.config.document import Document
    from streamer.config.settings import Settings

    base = Document("demo", {"cameras": EXAMPLE})
    serve(Settings(base, data_folder(base, options), partial(overridden, options=options)))
    return 0
