"""``sightline config``: the JSON Schema for editors, a check with file and line, and what counts now."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.parsers import Subparsers

if TYPE_CHECKING:
    from streamer.config.file import ConfigFile


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "config", help="the schema of the configuration, a check of it, and what counts"
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    schema = actions.add_parser("schema", help="print the JSON Schema for editors")
    schema.set_defaults(run=print_schema)
    check = actions.add_parser("check", help="check a file")
    check.add_argument("config", type=Path, metavar="CONFIG.yaml")
    check.set_defaults(run=check_file)
    show = actions.add_parser("show", help="print what is configured, and where each value comes from")
    show.add_argument("config", nargs="?", type=Path, metavar="CONFIG.yaml")
    show.add_argument("--data", type=Path, metavar="DIR", help="where changes are kept (sightline-data)")
    show.add_argument("--said", action="store_true", help="without the defaults")
    show.set_defaults(run=show_settings)


def print_schema(_options: argparse.Namespace) -> int:
    from streamer.config.tree import Config

    print(json.dumps(Config.model_json_schema(by_alias=True), indent=2))
    return 0


def check_file(options: argparse.Namespace) -> int:
    """Check one file; a wrong one raises `ConfigError` with a line for each error."""
    from streamer.commands.checks import thorough
    from streamer.config.file import read
    from streamer.doctor.access import access

    file = read(options.config, checks=thorough(options.config.parent))
    for finding in access(file.config, file.told):
        # The start tells it again: users may be added until then, or it may be meant.
        if not finding.good:
            print(f"sightline: {finding.text}", file=sys.stderr)
    count = len(file.config.cameras)
    print(f"{options.config}: good, {count} camera{'s' if count != 1 else ''}")
    return 0


def show_settings(options: argparse.Namespace) -> int:
    """Print a file with what pages and programs changed since."""
    import os

    from streamer.commands.run import data_folder
    from streamer.config.document import Document, read_document
    from streamer.config.settings import Settings
    from streamer.config.show import shown

    base = read_document(options.config, os.environ) if options.config else Document("", {})
    print(shown(Settings(base, data_folder(base, options)), defaults=not options.said), end="")
    return 0


def checked(path: Path) -> ConfigFile:
    """The configuration of a file, as far as it can be judged without its cameras and its hardware.

    Raises:
        ConfigError: a line for each error.
    """
    from streamer.commands.checks import offline
    from streamer.config.file import read

    return read(path, checks=offline())
