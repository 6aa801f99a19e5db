"""``sightline messages``: what is said to programs, for programs that want to know before they read it."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.commands.parsers import Subparsers
from streamer.errors import ConfigError


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("messages", help="describe the records and the topics for programs")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, run, told in (
        ("asyncapi", run_asyncapi, "the Kafka topics, as an AsyncAPI 3.0 document"),
        ("schemas", run_schemas, "JSON Schema of every record"),
    ):
        action = actions.add_parser(name, help=told)
        action.add_argument("--out", type=Path, metavar="DIR", help="write files there, and print nothing")
        action.set_defaults(run=run)


def run_asyncapi(options: argparse.Namespace) -> int:
    """Print the document, or write it as ``asyncapi.json``."""
    from streamer.kafka.format.asyncapi import document
    from streamer.messages.schema_files import as_text

    text = as_text(document())
    if options.out is None:
        print(text, end="")
        return 0
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "asyncapi.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(options.out, error) from None
    return 0


def run_schemas(options: argparse.Namespace) -> int:
    """Print them as one object, by the value of ``schema``, or write a file for each.

    Raises:
        SchemaBroken: a file that is there says what no longer holds.
    """
    from streamer.messages.records import schemas
    from streamer.messages.schema_files import as_text, write_schemas

    if options.out is None:
        print(as_text(schemas()), end="")
        return 0
    try:
        write_schemas(options.out)
    except OSError as error:
        raise unwritable(options.out, error) from None
    return 0


def unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{folder}: cannot be written: {error.strerror}")
