"""Reading a configuration file, every error with its file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic import ValidationError

from streamer.config.document import Document, parse_document, read_document
from streamer.config.impossible import impossible
from streamer.config.names import (
    Findings,
    label_problems,
    together,
    unknown_detector,
    unknown_zones,
    unused_password,
)
from streamer.config.overlay import take_away
from streamer.config.remains import remains, replace_value
from streamer.config.sentences import sentences
from streamer.config.tree import Config
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config.names import Problem
    from streamer.config.option_tree import KeyPath
    from streamer.config.tree import CameraConfig

Check: TypeAlias = Callable[[Config], Findings]
"""Says what else is wrong with a configuration whose options are valid."""

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
    "collect",
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

    def sentences(self, findings: Findings) -> list[str]:
        """What is wrong, a line each.

        What cameras have from a global section is told when none of them can use it.
        """
        told = [
            self._told(name, problem, findings.cameras)
            for name, found in findings.cameras.items()
            for problem in found
        ]
        rest = [self.told(tuple(map(str, problem.path)), problem.text) for problem in findings.rest]
        return [*filter(None, told), *rest]

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


def read(path: Path, environment: Mapping[str, str] = os.environ, checks: Sequence[Check] = ()) -> ConfigFile:
    """Read and check a configuration file.

    Args:
        path: the YAML file.
        environment: where ``${NAME}`` is looked up.
        checks: what else has to be right; asked also where something is wrong, of what is left then.

    Raises:
        ConfigError: ``file:line: option: what was expected, what was received``, one line per error.
    """
    return checked(read_document(path, environment), checks)


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration of a file; errors as above."""
    return read(path, environment).config


def parse(
    text: str, name: str, environment: Mapping[str, str] = os.environ, checks: Sequence[Check] = ()
) -> Config:
    """The same for a text; ``name`` stands for the file in messages."""
    return checked(parse_document(text, name, environment), checks).config


def validated(values: Mapping[str, Any], name: str = "command line") -> Config:
    """A configuration from plain values; ``name`` stands for where they come from in messages."""
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(Document(name, values), error))) from None


def checked(document: Document, checks: Sequence[Check] = ()) -> ConfigFile:
    """The configuration of a document that was read; errors as for ``read``."""
    values, holes = _readable(document)
    told = [fault.told for fault in document.faults]
    try:
        Config.model_validate(values)
    except ValidationError as error:
        told += sentences(document, error, holes)
    rest = remains(values, holes)
    if rest.config is None:
        raise refusal(told)
    file = ConfigFile(rest.config, document)
    found = [rest.sure(check(rest.config)) for check in (_named_and_matching, *checks)]
    told += file.sentences(together(found))
    if told:
        raise refusal(told)
    return file


def _readable(document: Document) -> tuple[dict[str, Any], list[KeyPath]]:
    """The values with something harmless where nothing could be read, and where that is."""
    values = deepcopy(dict(document.values))
    holes = [fault.path for fault in document.faults if fault.path is not None]
    for hole in holes:
        replace_value(values, hole)
    cameras = values.get("cameras")
    for name in cameras if isinstance(cameras, dict) else ():
        holes += [("cameras", name, *hole) for hole in holes if hole[:1] and hole[0] in INHERITED]
    inherited = _inherit(values)
    for path in document.removed:
        take_away(inherited, path)
    return inherited, holes


def _named_and_matching(config: Config) -> Findings:
    return Findings({name: _problems(camera, config) for name, camera in config.cameras.items()})


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
