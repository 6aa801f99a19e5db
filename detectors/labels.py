"""Names of classes, as files tell them."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.errors import ModelLoadError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_CHARACTERS: Final = 100_000
"""That are read as names; COCO needs 1,200, Objects365 7,000."""
KEYS: Final = ("names", "labels", "classes", "class_names")
"""Of a model's metadata, in which exporters write names."""


@dataclass(frozen=True, slots=True)
class LabelsFile:
    """A file with names of classes, and these."""

    name: str
    labels: tuple[str, ...]


def read_labels(path: Path) -> LabelsFile:
    """The names in a file: one a line, or as JSON.

    Raises:
        ModelLoadError: it cannot be read, or holds none.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            labels = labels_of(file.read(MAX_CHARACTERS + 1))
    except (OSError, UnicodeError) as error:
        raise ModelLoadError(f"{path}: cannot be read as names of classes: {one_line(error)}") from error
    if labels is None:
        raise ModelLoadError(f"{path}: expected names of classes, one a line or as JSON")
    return LabelsFile(path.name, labels)


def labels_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names in a model's metadata, if there are any."""
    for key in KEYS:
        found = labels_of(metadata.get(key, ""))
        if found is not None:
            return found
    return None


def labels_of(text: str) -> tuple[str, ...] | None:
    """The names in a text: ``{0: 'person', 1: 'bus'}``, a list in Python or JSON, or one a line or comma."""
    text = text.strip()
    if not text or len(text) > MAX_CHARACTERS:
        return None
    if text[0] in "{[":
        found = _literal(text)
        if isinstance(found, dict):
            numbered = {int(key): str(name) for key, name in found.items() if str(key).isdecimal()}
            whole = len(numbered) == len(found) and set(numbered) == set(range(len(numbered)))
            return tuple(numbered[number] for number in range(len(numbered))) or None if whole else None
        return tuple(str(name) for name in found) or None if isinstance(found, list) else None
    parts = text.splitlines() if "\n" in text else text.split(",")
    return tuple(part.strip() for part in parts if part.strip()) or None


def _literal(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
