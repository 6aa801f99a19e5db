"""Reading a configuration file: YAML with ``${ENV}``, every error with its file and line."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from streamer.config import Config
from streamer.errors import ConfigError
from streamer.names import Problem, camera_problems, common_problems, unknown_labels

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
)
"""Options whose global values are the defaults of every camera: sections key by key, others whole."""

SECRET: Final = re.compile(r"password|token|secret|://[^/]*@", re.IGNORECASE)
VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and the line (from 1) on which each of them stands."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int:
        """The line of the value at ``path``, or of the nearest section around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def inherited(self, path: KeyPath) -> bool:
        """Whether a camera has this value from a global section, where its error is told already."""
        return path[:1] == ("cameras",) and path not in self.lines and path[2:] in self.lines


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check a configuration file.

    Args:
        path: the YAML file.
        environment: where ``${NAME}`` is looked up.

    Raises:
        ConfigError: ``file:line: what was expected, what was received``, one line per error.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected UTF-8 text, received other bytes at {error.start}") from None
    return parse(text, str(path), environment)


def parse(text: str, name: str, environment: Mapping[str, str] = os.environ) -> Config:
    """The same as `load` for a text; ``name`` stands for the file in messages."""
    document = _document(text, name, environment)
    try:
        config = Config.model_validate(_inherit(document.values))
    except ValidationError as error:
        sentences = [_sentence(document, details) for details in error.errors()]
        told = dict.fromkeys(sentence for sentence in sentences if sentence)
        raise ConfigError("\n".join(sorted(told, key=_line_number))) from None
    _refuse([*_named(document, (), common_problems(config)), *_cameras_named(document, config)])
    return config


def check_labels(
    path: Path,
    config: Config,
    known: Mapping[str, Collection[str]],
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Refuse labels that no model of a configuration knows.

    Args:
        path: the file it was read from.
        config: what was read.
        known: the labels of each detector's model; one that is missing is not asked.
        environment: where ``${NAME}`` is looked up.

    Raises:
        ConfigError: ``file:line: what was expected, what was received``, one line per error.
    """
    document = _document(path.read_text(encoding="utf-8"), str(path), environment)
    every = {label for labels in known.values() for label in labels}
    told: list[str] = []
    for name, camera in config.cameras.items():
        if camera.detector in known:
            model = config.detectors[camera.detector].model
            problems = unknown_labels(camera, model, known[camera.detector])
            # What all cameras share may be meant for another camera's model.
            shared = (replace(each, everywhere=each.label not in every) for each in problems)
            told += _named(document, ("cameras", name), shared)
    _refuse(told)


def _cameras_named(document: Document, config: Config) -> Iterator[str]:
    for name, camera in config.cameras.items():
        yield from _named(document, ("cameras", name), camera_problems(camera))


def _named(document: Document, section: KeyPath, problems: Iterable[Problem]) -> Iterator[str]:
    """A sentence for each problem of a section, less those that a camera has from a global section."""
    for problem in problems:
        path = (*section, *map(str, problem.path))
        if document.inherited(path):
            if not problem.everywhere:
                continue
            path = path[2:]
        yield f"{document.name}:{document.line(path)}: {'.'.join(path)}: {problem.text}"


def _refuse(sentences: Sequence[str]) -> None:
    if sentences:
        raise ConfigError("\n".join(sorted(dict.fromkeys(sentences), key=_line_number)))


def validated(values: Mapping[str, Any], name: str = "command line") -> Config:
    """A configuration from plain values; ``name`` stands for where they come from in messages."""
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        document = Document(name, values)
        sentences = (_sentence(document, details) for details in error.errors())
        lines = (sentence.replace(f"{name}:1:", f"{name}:", 1) for sentence in sentences if sentence)
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def _document(text: str, name: str, environment: Mapping[str, str]) -> Document:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{name}:{line}: expected YAML, received an error: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}:1: expected YAML, received {str(error).splitlines()[0]}") from None
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{name}:1: expected sections such as 'cameras:', received something else")
    lines: dict[KeyPath, int] = {}
    reader = _Reader(name, environment, lines)
    values = reader.value(root, ())
    return Document(name, values, lines)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns YAML nodes into plain values and notes the line of each."""

    name: str
    environment: Mapping[str, str]
    lines: dict[KeyPath, int]

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(n))) for n, item in enumerate(node.value)]
        return self._scalar(node)

    def _items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{self.name}:{line}: expected a name, received a nested value")
            if key.value in seen:
                raise ConfigError(f"{self.name}:{line}: expected {key.value!r} once, received it twice")
            seen.add(key.value)
            self.lines[(*path, key.value)] = line
            yield key.value, self.value(value, (*path, key.value))

    def _scalar(self, node: yaml.Node) -> Any:
        expanded = VARIABLE.sub(lambda match: self._variable(match[1], node), node.value)
        if expanded != node.value:
            return expanded
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            line = node.start_mark.line + 1
            reason = str(error).splitlines()[0]
            raise ConfigError(f"{self.name}:{line}: expected a plain value, received {reason}") from None

    def _variable(self, variable: str, node: yaml.Node) -> str:
        try:
            return self.environment[variable]
        except KeyError:
            raise ConfigError(
                f"{self.name}:{node.start_mark.line + 1}: expected the environment variable {variable}, "
                "received nothing: it is not set"
            ) from None


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


def _sentence(document: Document, details: ErrorDetails) -> str | None:
    path = tuple(str(part) for part in details["loc"])
    if document.inherited(path):
        return None
    if details["type"] == "extra_forbidden":
        problem = _unknown_key(path)
    elif details["type"] == "missing":
        problem = f"expected {path[-1]!r}, received nothing"
    elif details["type"] == "value_error":
        problem = str(details["ctx"]["error"])
    else:
        expected = re.sub(r"^\w+ should (be|have) | after validation", "", details["msg"])
        expected = expected.replace("less than or equal to", "at most").replace(
            "greater than or equal to", "at least"
        )
        expected = re.sub(r", (unable|got|not) .*$", "", expected).replace(
            "a valid tuple", "a list such as [a, b]"
        )
        problem = f"expected {expected}, received {_shown(path, details['input'])}"
    where = f"{'.'.join(path)}: " if path and not problem.startswith("cameras.") else ""
    return f"{document.name}:{document.line(path)}: {where}{problem}"


def _shown(path: KeyPath, value: object) -> str:
    """The received value, unless it could hold a secret."""
    text = repr(value)
    if SECRET.search(".".join(path)) or SECRET.search(text):
        return "a value that is not shown"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown_key(path: KeyPath) -> str:
    known = _keys_at(path[:-1])
    nearest = difflib.get_close_matches(path[-1], known, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    return f"expected one of {', '.join(known)}; received {path[-1]!r}{hint}"


def _keys_at(path: KeyPath) -> list[str]:
    """The keys that the section at ``path`` knows."""
    model: type[BaseModel] = Config
    for part in path:
        if part in model.model_fields:
            model = _section_of(model.model_fields[part].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation holds, bare, optional or as values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_of(argument) for argument in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section is not None), None)


def _line_number(sentence: str) -> int:
    match = re.search(r":(\d+):", sentence)
    return int(match[1]) if match else 0
