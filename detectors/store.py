"""Models on disk: from the name a user gives to the files."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detectors.errors import ModelLoadError, one_line

BUILTIN: Final = Path(__file__).parent / "builtin"
"""The models that are installed with the program."""
SUFFIX: Final = ".onnx"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model lies.

    Attributes:
        name: that messages call it by.
        weights: its ONNX file.
        manifest: its sidecar, where there is one.
    """

    name: str
    weights: Path
    manifest: Path | None


def catalogue() -> tuple[str, ...]:
    """Names of the models that need no path."""
    return tuple(sorted(path.stem for path in BUILTIN.glob(f"*{SUFFIX}")))


def resolve(model: str) -> ModelFiles:
    """The files of a model, named by catalogue name or path (its manifest lies beside it as ``<stem>.json``).

    Raises:
        ModelLoadError: there is no such model.
    """
    names = catalogue()
    if model in names:
        return _files(BUILTIN / f"{model}{SUFFIX}")
    try:
        path = Path(model).expanduser()
        if path.is_dir():
            raise ModelLoadError(f"{model}: expected an ONNX file, received a folder")
        if path.is_file():
            return _files(path)
    except (OSError, RuntimeError, ValueError) as error:  # no name a file could have
        raise ModelLoadError(f"{model:.100}: no such file: {one_line(error)}") from error
    if path.suffix or os.sep in model:
        raise ModelLoadError(f"{model}: no such file")
    near = difflib.get_close_matches(model, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else "a name of the catalogue or the path of an ONNX file"
    raise ModelLoadError(f"{model}: no such model: {hint} (catalogue: {', '.join(names) or 'empty'})")


def _files(weights: Path) -> ModelFiles:
    manifest = weights.with_suffix(".json")
    return ModelFiles(weights.stem, weights, manifest if manifest.is_file() else None)
