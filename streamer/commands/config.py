"""``sightline config``: the JSON Schema for editors, and a check with file and line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.parsers import Subparsers
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config import Config


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("config", help="the schema of the configuration, and a check of a file")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    schema = actions.add_parser("schema", help="print the JSON Schema for editors")
    schema.set_defaults(run=print_schema)
    check = actions.add_parser("check", help="check a file")
    check.add_argument("config", type=Path, metavar="CONFIG.yaml")
    check.set_defaults(run=check_file)


def print_schema(_options: argparse.Namespace) -> int:
    from streamer.config import Config

    print(json.dumps(Config.model_json_schema(by_alias=True), indent=2))
    return 0


def check_file(options: argparse.Namespace) -> int:
    """Check one file; a wrong one raises `ConfigError` with a line for each error."""
    config = checked(options.config)
    _check_names(options.config, config)
    count = len(config.cameras)
    print(f"{options.config}: good, {count} camera{'s' if count != 1 else ''}")
    return 0


def checked(path: Path) -> Config:
    """The configuration of a file, its labels known to its models.

    Raises:
        ConfigError: a line for each error.
    """
    from streamer.config_file import load

    config = load(path)
    require_known_labels(path, config)
    return config


def require_known_labels(path: Path, config: Config) -> None:
    """A label that a camera's model does not know is an error; a model without a manifest is not asked."""
    from detectors.errors import ModelLoadError
    from detectors.manifest import stated_in
    from detectors.store import resolve
    from streamer.config_file import check_labels

    known: dict[str, tuple[str, ...]] = {}
    for name, detector in config.detectors.items():
        try:
            manifest = resolve(detector.model).manifest
            labels = stated_in(manifest.read_bytes()).get("labels") if manifest else None
        except (ModelLoadError, OSError):
            # What is wrong with the model itself is told where it is loaded.
            continue
        if labels:
            known[name] = tuple(labels)
    check_labels(path, config, known)


def _check_names(path: Path, config: Config) -> None:
    """What the file names has to exist: models, and the options of addresses."""
    from detectors.errors import ModelLoadError
    from detectors.store import resolve
    from streamer.capture.source import open_source
    from streamer.tally import Tally

    for name, detector in config.detectors.items():
        try:
            resolve(detector.model)
        except ModelLoadError as error:
            raise ConfigError(f"{path}: detectors.{name}.model: {error}") from None
    for name, camera in config.cameras.items():
        try:
            open_source(name, camera, Tally())
        except ConfigError as error:
            raise ConfigError(f"{path}: cameras.{error}") from None
