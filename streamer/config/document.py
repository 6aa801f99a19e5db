"""A YAML file as plain values with ``${ENV}``, and the line of each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from detectors.wording import escaped
from streamer.config.option_tree import KeyPath
from streamer.errors import ConfigError

MERGE: Final = "tag:yaml.org,2002:merge"
HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
MOST_VALUES: Final = 100_000
"""Of a file; aliases of aliases multiply."""
VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be read, and one line that says so; ``path`` is of what has no value now, if anything."""

    path: KeyPath | None
    told: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value stands; lines are counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and where each of them stands.

    Without marks it is no file, and ``name`` says what else the values are from. Where there is a fault, the
    value is None. ``removed`` are options that are taken away whatever is inherited.
    """

    name: str
    values: Mapping[str, Any]
    marks: Mapping[KeyPath, Mark] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    removed: Sequence[KeyPath] = ()

    def place(self, path: KeyPath) -> str:
        """``file:line`` of the value at ``path``, or of the nearest section around it."""
        while path and path not in self.marks:
            path = path[:-1]
        mark = self.marks.get(path)
        return self.name if mark is None else str(mark)

    def value(self, path: KeyPath) -> object:
        """What stands at ``path``; None where nothing does."""
        value: Any = self.values
        for part in path:
            if isinstance(value, Mapping):
                value = value.get(part)
            elif isinstance(value, list | tuple) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def inherited(self, path: KeyPath) -> bool:
        """Whether a camera has this value from a global section, where its error is told already."""
        if path[:1] != ("cameras",):
            return False
        # Sections are inherited key by key, what is within a key as a whole.
        for depth in (4, 3):
            if path[:depth] in self.marks:
                return False
            if path[2:depth] in self.marks:
                return True
        return False

    def told(self, path: KeyPath, text: str, *, of_camera: bool = False) -> str:
        """``file:line: option: text``.

        What a camera has from a global section is told of there, and with ``of_camera`` as the camera's.
        """
        said = path[2:] if self.inherited(path) else path
        option = ".".join(part or "''" for part in (path if of_camera else said))
        return escaped(": ".join(filter(None, (self.place(said), option, text))))


def read_document(path: Path, environment: Mapping[str, str] | None) -> Document:
    """Read a YAML file.

    Args:
        path: of the file.
        environment: where ``${NAME}`` is looked up; None where it stands for itself.

    Raises:
        ConfigError: it cannot be read, or is no YAML with keys and values; one line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(escaped(f"{path}: cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            escaped(f"{path}: expected UTF-8 text, received other bytes at {error.start}")
        ) from None
    return parse_document(text, str(path), environment)


def parse_document(text: str, name: str, environment: Mapping[str, str] | None) -> Document:
    """The same for a text; ``name`` stands for the file in messages."""
    reader = _Reader(name, environment)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise reader.wrong(1, "expected sections such as 'cameras:', received something else")
        values = reader.value(root, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise reader.wrong(line, f"expected YAML, received an error: {_reason(error)}") from None
    except yaml.YAMLError as error:
        raise reader.wrong(1, f"expected YAML, received {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise reader.wrong(1, "expected options, received values within values without an end") from None
    return Document(name, values, reader.marks, reader.faults)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns YAML nodes into plain values and notes where each stands."""

    name: str
    environment: Mapping[str, str] | None
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: KeyPath | None, line: int, problem: str) -> None:
        self.faults.append(Fault(path, str(self.wrong(line, problem))))

    def wrong(self, line: int, problem: str) -> ConfigError:
        return ConfigError(escaped(f"{self.name}:{line}: {problem}"))

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.marks.setdefault(path, Mark(self.name, _line(node)))
        if len(self.marks) > MOST_VALUES:
            raise self.wrong(_line(node), f"expected at most {MOST_VALUES} values, received more")
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(n))) for n, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.fault(path, _line(key), "expected a name, received a nested value")
                continue
            if key.tag == MERGE:
                text = "expected no merge key, received '<<': what cameras share stands outside of cameras"
                self.fault(path, _line(key), text)
                continue
            if key.value in seen:
                self.fault(None, _line(key), f"expected {key.value!r} once, received it twice")
                continue
            seen.add(key.value)
            self.marks[(*path, key.value)] = Mark(self.name, _line(key))
            yield key.value, self.value(value, (*path, key.value))

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        if self.environment is not None and VARIABLE.search(node.value):
            return self._expanded(node, path, self.environment)
        if HEXADECIMAL.fullmatch(node.value):
            # 0x2 says how many tiles there are, and no other number is written so.
            return str(node.value)
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            reason = str(error).splitlines()[0]
            self.fault(path, _line(node), f"expected a plain value, received {reason}")
            return None

    def _expanded(self, node: yaml.Node, path: KeyPath, environment: Mapping[str, str]) -> str | None:
        missing = [name for name in VARIABLE.findall(node.value) if name not in environment]
        for name in dict.fromkeys(missing):
            text = f"expected the environment variable {name}, received nothing: it is not set"
            self.fault(path, _line(node), text)
        return None if missing else VARIABLE.sub(lambda match: environment[match[1]], node.value)


def _reason(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "no reason"
    if problem.startswith("but "):
        return f"{error.context} {problem}"
    return f"{problem} (is it indented as it should be?)" if "<block" in problem else problem


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
