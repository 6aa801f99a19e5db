"""TensorFlow models as ONNX files: converted once by a child process, the only one that knows TensorFlow."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.compiling.cache import default_folder
from detectors.errors import ModelLoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

logger = logging.getLogger(__name__)

CONVERT_VERSION: Final = 2
"""Rises whenever a conversion gives something else, so that what is kept of an older one is not used."""
TIME_S: Final = 600
"""Of CPU time."""
PATIENCE: Final = 4
"""Seconds of the clock that may pass for each of CPU time: what others take is not the model's fault."""
MEMORY_BYTES: Final = 8 * 1024**3
"""What the child may ask for, TensorFlow's own 2 GiB of addresses included."""
GRAPH: Final = "saved_model.pb"
REPORT: Final = "conversion.json"
"""How far a converted model answers otherwise; it lies beside it."""
ROOT: Final = Path(__file__).parents[2]
"""Where the packages ``detectors`` and ``trainer`` lie side by side."""
HEAD_BYTES: Final = 8
PICKLES: Final = frozenset({".pkl", ".pickle", ".joblib", ".pt", ".pth"})
PICKLED: Final = frozenset(bytes((0x80, protocol)) for protocol in range(2, 6))
"""How a pickle begins, by its protocol."""


class Kind(Enum):
    """The forms of a TensorFlow model on disk; the value is what people call it."""

    SAVED_MODEL = "TensorFlow SavedModel"
    FROZEN_GRAPH = "frozen TensorFlow graph"
    KERAS = "Keras file"
    HDF5 = "HDF5 file"
    TFLITE = "TensorFlow Lite file"


def kind_of(path: Path) -> Kind | None:
    """Which form of a TensorFlow model is there; None for anything else.

    Raises:
        ModelLoadError: it is a pickle, which is not opened at all.
    """
    if path.is_dir():
        return Kind.SAVED_MODEL if (path / GRAPH).is_file() else None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    suffix = path.suffix.lower()
    if suffix in PICKLES or head[:2] in PICKLED:
        raise ModelLoadError("a pickle, which runs code when it is read: refused; export the model as ONNX")
    if head.startswith(b"\x89HDF"):
        return Kind.HDF5
    if head[4:] == b"TFL3" or suffix == ".tflite":
        return Kind.TFLITE
    return {".keras": Kind.KERAS, ".pb": Kind.FROZEN_GRAPH}.get(suffix)


def onnx_file(model: Path, kind: Kind, kept: Path | None = None) -> Path:
    """The model as an ONNX file with its manifest beside it, and ``REPORT`` about the conversion.

    Made now, or at an earlier time from the same bytes.

    Args:
        model: the file, or the folder of a SavedModel; a manifest ``<stem>.json`` and names of classes
            ``<stem>.labels.txt`` beside it count.
        kind: of which form.
        kept: folder of what was converted; in the user's own cache when None.

    Raises:
        ModelLoadError: it cannot be converted, in one line.
    """
    folder = kept or _usual_folder()
    place = folder / _key(model)
    target = place / f"{model.stem}.onnx"
    if target.is_file():
        return target
    logger.warning("%s: %s: it is converted once, which takes some seconds", model, kind.value)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as made:
        whole = Path(made, "converted")
        for line in _convert(model, whole):
            logger.warning("%s: %s", model, line)
        _into_place(whole, place)
    return target


def companions(model: Path) -> tuple[Path, Path]:
    """The manifest and the names of classes that may lie beside a model."""
    return model.with_suffix(".json"), model.with_suffix(".labels.txt")


def _convert(model: Path, out: Path) -> list[str]:
    """Let a child process convert the model.

    Returns:
        What it has to tell, a line each.
    """
    command: Sequence[str] = [
        *(sys.executable, "-P", "-m", "trainer", "convert", str(model.absolute()), "--out", str(out)),
        *("--memory", str(MEMORY_BYTES), "--seconds", str(TIME_S)),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_search_path())}
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE * TIME_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise ModelLoadError(f"cannot be converted: {_endless()}") from None
    if ended.returncode == 0:
        return ended.stdout.splitlines()
    raise ModelLoadError(f"cannot be converted: {_reason(ended.returncode, ended.stderr)}")


def _reason(status: int, told: str) -> str:
    """Why the child failed, from its last words."""
    if -status == signal.SIGXCPU:
        return _endless()
    if status < 0:
        return f"the conversion was ended by {signal.Signals(-status).name}"
    errors = [
        line.removeprefix("sightline: ") for line in told.splitlines() if line.startswith("sightline: ")
    ]
    last = told.strip().rpartition("\n")[2]
    return errors[-1] if errors else f"the conversion failed: {last:.300}"


def _endless() -> str:
    return f"not done after {TIME_S} s of CPU time"


def _search_path() -> Iterator[str]:
    yield str(ROOT)
    given = os.environ.get("PYTHONPATH", "")
    yield from (part for part in given.split(os.pathsep) if part)


def _into_place(made: Path, place: Path) -> None:
    """Rename the folder; another process may have been first with the same."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        shutil.rmtree(made)


def _usual_folder() -> Path:
    graphs = default_folder()
    if graphs is None:
        raise ModelLoadError("a converted model is kept in the cache: set XDG_CACHE_HOME to its folder")
    return graphs.parent / "converted"


def _key(model: Path) -> str:
    """Of the content, whatever it is called."""
    digest = hashlib.sha256(str(CONVERT_VERSION).encode())
    files = sorted(path for path in model.rglob("*") if path.is_file()) if model.is_dir() else [model]
    for path in (*files, *(path for path in companions(model) if path.is_file())):
        name = path.relative_to(model) if path != model and model in path.parents else path.suffix
        digest.update(f"{name}:{_digest(path)}\n".encode())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
