"""``sightline demo``: the simulated street and the embedded detector, nothing to download."""

from __future__ import annotations

import argparse

from streamer.commands.parsers import Subparsers
from streamer.commands.run import add_service_options, overridden, serve

STREET = "sim://street?seed=0&people=6"


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("demo", help="the simulated street, with the embedded detector")
    add_service_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from streamer.config.file import validated

    cameras = {"street": {"source": STREET, "detect": {"fps": 0}}}
    serve(overridden(validated({"cameras": cameras}), options))
    return 0
