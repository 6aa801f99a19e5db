"""Remembers which numbers versions of models had: what is named after one must never come to mean another."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.errors import ModelLoadError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBERS: Final = ".numbers.json"
"""In the store's folder: the highest version that a model ever had, by its name."""


def highest(folder: Path, name: str) -> int:
    """Of the versions of a model, those that are gone, too; 0 where none is remembered.

    Raises:
        ModelLoadError: the file cannot be read.
    """
    return _read(folder / NUMBERS).get(name, 0)


def remember(folder: Path, name: str, number: int) -> None:
    """This is the highest now."""
    path = folder / NUMBERS
    replaced(path, {**_read(path), name: number})


def replaced(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON so that whoever looks sees the old file or the new one."""
    descriptor, beside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    Path(beside).chmod(0o644)
    Path(beside).replace(path)


def _read(path: Path) -> dict[str, int]:
    try:
        told = json.loads(path.read_bytes())
        return {str(name): int(number) for name, number in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelLoadError(f"{path}: cannot be read: {one_line(error)}") from error
