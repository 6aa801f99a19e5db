"""``sightline run``: the service, from a file or from addresses on the command line."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamer.commands.first_admin import make_first_admin
from streamer.commands.parsers import Subparsers
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config.document import Document
    from streamer.config.file import ConfigFile
    from streamer.config.settings import Settings
    from streamer.config.tree import Config
    from streamer.loading import Place

EXAMPLE: Final = {"street": {"source": "sim://street?seed=0&people=6", "detect": {"fps": 0}}}
"""What is shown before there is a camera."""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("run", help="watch cameras")
    parser.add_argument("config", nargs="?", type=Path, metavar="CONFIG.yaml")
    parser.add_argument("--source", action="append", metavar="URL", help="a camera; repeatable")
    parser.add_argument("--model", metavar="M", help="a model's name or path (sightline-nano)")
    parser.add_argument(
        "--first-admin", action="store_true", help="where nobody can sign in yet, make and tell an admin"
    )
    add_service_options(parser)
    parser.set_defaults(run=run)


def add_service_options(parser: argparse.ArgumentParser) -> None:
    """Options that every service has; they win over the file."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="what is kept (sightline-data)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (8080)")
    parser.add_argument("--insecure", action="store_true", help="let anybody in, also from other machines")
    parser.add_argument("--tls", choices=["auto"], help="https, with a certificate that is made here")
    parser.add_argument("--json", metavar="F|-", help="append records as JSON Lines")
    parser.add_argument("--kafka", metavar="HOST:PORT[,..]", help="brokers that records go to")
    parser.set_defaults(serves=True)


def run(options: argparse.Namespace) -> int:
    settings, place = configured(options)
    if options.first_admin:
        make_first_admin(settings.config)
    serve(settings, place)
    return 0


def serve(settings: Settings, place: Place | None = None) -> None:
    """Run the service until it ends; ``place`` says where options stand, None when no file says them."""
    import anyio

    from streamer.app import App

    # Standard output is either the table's or the records'.
    table = sys.stdout.isatty() and settings.config.output.json_lines != "-"
    anyio.run(App(settings, table=table, place=place).run)


def configured(options: argparse.Namespace) -> tuple[Settings, Place | None]:
    """The configuration of the command line: a file, or addresses, and options that win over both.

    With it, where the options of the file stand.
    """
    from streamer.commands.checks import starting
    from streamer.config.document import Document, read_document
    from streamer.config.settings import Settings

    if options.config is not None and options.source:
        raise ConfigError("expected either a configuration file or --source, see sightline run --help")
    finish = partial(overridden, options=options)
    if options.config is not None:
        base = read_document(options.config, os.environ)
        _require_model(base, options)
        settings = Settings(base, data_folder(base, options), finish, starting())
        return settings, partial(_told, settings.file, options.model)
    sources = options.source or []
    cameras = {f"camera-{n}": {"source": url} for n, url in enumerate(sources, 1)} or EXAMPLE
    base = Document("command line", {"cameras": cameras})
    _require_model(base, options)
    return Settings(base, data_folder(base, options), finish, starting()), None


def data_folder(base: Document, options: argparse.Namespace) -> Path:
    """Where data is kept: the command line wins over the file."""
    from streamer.config.settings import folder_of

    return options.data or folder_of(base)


def _require_model(base: Document, options: argparse.Namespace) -> None:
    """A wrong model of the command line is told as such, before anything else."""
    from detectors.store import models_in, resolve

    if options.model:
        resolve(options.model, models_in(data_folder(base, options)))


def _told(file: ConfigFile, model: str | None, path: tuple[str, ...], text: str) -> str:
    """Where an option stands: the model may be that of the command line."""
    return (
        f"--model: {text}" if model and path == ("detectors", "default", "model") else file.told(path, text)
    )


def overridden(config: Config, options: argparse.Namespace) -> Config:
    """The configuration with what the command line says."""
    from streamer.config.file import validated

    values: dict[str, Any] = config.model_dump(by_alias=True, exclude_none=True)
    insecure = True if options.insecure else None
    http = {"host": options.host, "port": options.port, "tls": options.tls, "insecure": insecure}
    values["http"].update({key: value for key, value in http.items() if value is not None})
    if getattr(options, "model", None):
        values["detectors"]["default"] = {**values["detectors"].get("default", {}), "model": options.model}
    if options.json:
        values["output"]["json"] = options.json
    if options.kafka is not None:
        values["kafka"] = {**values.get("kafka", {}), "brokers": options.kafka}
    if options.data:
        values["data"] = options.data
    return validated(values)
