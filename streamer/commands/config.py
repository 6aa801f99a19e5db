"""``sightline config``: the JSON Schema for editors, and a check with file and line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.parsers import Subparsers

if TYPE_CHECKING:
    from streamer.config.file import ConfigFile


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("config", help="the schema of the configuration, and a check of a file")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    schema = actions.add_parser("schema", help="print the JSON Schema for editors")
    schema.set_defaults(run=print_schema)
    check = actions.add_parser("check", help="check a file")
    check.add_argument("config", type=Path, metavar="CONFIG.yaml")
    check.set_defaults(run=check_file)


def print_schema(_options: argparse.Namespace) -> int:
    from streamer.config.tree import Config

    print(json.dumps(Config.model_json_schema(by_alias=True), indent=2))
    return 0


def check_file(options: argparse.Namespace) -> int:
    """Check one file; a wrong one raises `ConfigError` with a line for each error."""
    file = checked(options.config)
    require_usable(file)
    count = len(file.config.cameras)
    print(f"{options.config}: good, {count} camera{'s' if count != 1 else ''}")
    return 0


def checked(path: Path) -> ConfigFile:
    """The configuration of a file, as far as it can be judged without its cameras and its hardware.

    Raises:
        ConfigError: a line for each error.
    """
    from streamer.config.file import read

    file = read(path)
    require_sense(file)
    return file


def require_sense(file: ConfigFile) -> None:
    """What is said of labels and decoders has to mean something; ConfigError as above."""
    from streamer.capture.streams import undecoded

    file.refuse({name: undecoded(camera) for name, camera in file.config.cameras.items()})
    _require_known_labels(file)


def _require_known_labels(file: ConfigFile) -> None:
    """A label that a camera's model does not know is an error; a model without a manifest is not asked."""
    from detectors.errors import ModelLoadError
    from detectors.manifest import stated_in
    from detectors.store import resolve
    from streamer.config.names import unknown_labels

    known: dict[str, tuple[str, ...]] = {}
    detectors = file.config.detectors
    for name, detector in detectors.items():
        try:
            manifest = resolve(detector.model).manifest
            labels = stated_in(manifest.read_bytes()).get("labels") if manifest else None
        except (ModelLoadError, OSError):
            # What is wrong with the model itself is told where it is loaded.
            continue
        if labels:
            known[name] = tuple(labels)
    cameras = {name: each for name, each in file.config.cameras.items() if each.detector in known}
    file.refuse(
        {
            name: list(unknown_labels(camera, detectors[camera.detector].model, known[camera.detector]))
            for name, camera in cameras.items()
        }
    )


def require_usable(file: ConfigFile) -> None:
    """What the file names has to exist: models, PEM files, options of addresses; ConfigError as above."""
    from detectors.errors import ModelLoadError
    from detectors.store import resolve
    from streamer.capture.streams import wrong_options
    from streamer.config.file import refusal
    from streamer.loading import WRONG_MODEL

    told = []
    for name, detector in file.config.detectors.items():
        try:
            resolve(detector.model)
        except ModelLoadError as error:
            told.append(file.told(("detectors", name, "model"), f"{WRONG_MODEL} {error}"))
    told += _wrong_pem_files(file)
    if told:
        raise refusal(told)
    file.refuse({name: wrong_options(camera) for name, camera in file.config.cameras.items()})


def require_pem_files(file: ConfigFile) -> None:
    """The files of ``kafka.tls`` have to be what they should be; ConfigError as above."""
    from streamer.config.file import refusal

    if told := _wrong_pem_files(file):
        raise refusal(told)


def _wrong_pem_files(file: ConfigFile) -> list[str]:
    from streamer.errors import WrongOption
    from streamer.kafka.client.tls import tls_context

    kafka = file.config.kafka
    if kafka is None or kafka.tls is None:
        return []
    try:
        tls_context(kafka.tls)
    except WrongOption as error:
        return [file.told(error.path, error.text)]
    return []
