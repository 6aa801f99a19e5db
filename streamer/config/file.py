"""Reading a configuration file, every error with its file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from streamer.config.document import Document, parse_document, read_document
from streamer.config.impossible import impossible
from streamer.config.names import label_problems, unknown_detector, unknown_zones, unused_password
from streamer.config.sentences import sentences
from streamer.config.tree import Config
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config.names import Problem
    from streamer.config.option_tree import KeyPath
    from streamer.config.tree import CameraConfig

INHERITED: Final = (
    "clock",
    "state",
    "detect",
    "labels",
    "filters",
    "track",
    "stationary",
    "events",
    "counts",
    "decode",
    "masks",
    "zones",
    "lines",
)
"""Options whose global values are the defaults of every camera: sections key by key, others whole."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration, and the file that it was read from."""

    config: Config
    document: Document

    def told(self, path: KeyPath, text: str) -> str:
        """``file:line: option: text``, of an option of this file."""
        return self.document.told(path, text)

    def refuse(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        """Tell what is wrong with each camera; ConfigError unless there is nothing.

        What cameras have from a global section is told when none of them can use it.
        """
        told = [
            sentence
            for name, found in problems.items()
            for problem in found
            if (sentence := self._told(name, problem, problems)) is not None
        ]
        if told:
            raise refusal(told)

    def _told(self, name: str, problem: Problem, problems: Mapping[str, Sequence[Problem]]) -> str | None:
        option = tuple(map(str, problem.path))
        path = ("cameras", name, *option)
        if not self.document.inherited(path):
            return self.document.told(path, problem.text)
        sharing = [
            each for each in self.config.cameras if self.document.inherited(("cameras", each, *option))
        ]
        if all(any(problem.path == other.path for other in problems.get(each, ())) for each in sharing):
            return self.document.told(path, problem.text) if name == sharing[0] else None
        return self.document.told(path, problem.text, of_camera=True) if problem.everywhere else None


def read(path: Path, environment: Mapping[str, str] = os.environ) -> ConfigFile:
    """Read and check a configuration file.

    Args:
        path: the YAML file.
        environment: where ``${NAME}`` is looked up.

    Raises:
        ConfigError: ``file:line: option: what was expected, what was received``, one line per error.
    """
    return _checked(read_document(path, environment))


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration of a file; errors as above."""
    return read(path, environment).config


def parse(text: str, name: str, environment: Mapping[str, str] = os.environ) -> Config:
    """The same for a text; ``name`` stands for the file in messages."""
    return _checked(parse_document(text, name, environment)).config


def validated(values: Mapping[str, Any], name: str = "command line") -> Config:
    """A configuration from plain values; ``name`` stands for where they come from in messages."""
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(Document(name, values), error))) from None


def _checked(document: Document) -> ConfigFile:
    try:
        config = Config.model_validate(_inherit(document.values))
    except ValidationError as error:
        raise refusal(sentences(document, error)) from None
    file = ConfigFile(config, document)
    file.refuse({name: _problems(camera, config) for name, camera in config.cameras.items()})
    return file


def _problems(camera: CameraConfig, config: Config) -> list[Problem]:
    return [
        *unknown_detector(camera, config.detectors),
        *unused_password(camera),
        *label_problems(camera),
        *unknown_zones(camera),
        *impossible(camera),
    ]


def refusal(told: Sequence[str]) -> ConfigError:
    """All that is wrong, a line each, in the order of the file."""
    return ConfigError("\n".join(sorted(dict.fromkeys(told), key=_line_number)))


def _inherit(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give every camera the global sections that it does not override itself."""
    cameras = values.get("cameras")
    if not isinstance(cameras, dict):
        return dict(values)
    merged = {
        name: {**camera, **dict(_sections(values, camera))} if isinstance(camera, dict) else camera
        for name, camera in cameras.items()
    }
    return {**values, "cameras": merged}


def _sections(values: Mapping[str, Any], camera: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section in INHERITED:
        common, own = values.get(section), camera.get(section)
        if isinstance(common, dict) and isinstance(own, dict | None):
            yield section, {**common, **(own or {})}
        elif common is not None and section not in camera:
            yield section, common


def _line_number(sentence: str) -> int:
    match = re.search(r":(\d+):", sentence)
    return int(match[1]) if match else 0
