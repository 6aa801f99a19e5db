"""How long a model takes to start: the first time, from the cache, and as bare as it came."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.compiling.cache import GraphCache
from detectors.compiling.compilation import compiled
from detectors.session import SessionOptions, open_raw, open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.store import ModelFiles


@dataclass(frozen=True, slots=True)
class Starts:
    """Seconds, without those that Python itself and onnxruntime need.

    Attributes:
        bare_s: to load the file as it came.
        first_s: to read, try, compile and load it.
        cached_s: to load it once it was compiled.
    """

    bare_s: float
    first_s: float
    cached_s: float


def started(files: ModelFiles) -> Starts:
    """Start a model in the three ways, on one thread of the CPU.

    Raises:
        ModelLoadError, InferenceError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="sightline-starts-") as folder:

        def start() -> None:
            open_session(compiled(files, GraphCache(Path(folder))).graph, SessionOptions("cpu", 1))

        return Starts(_seconds(lambda: open_raw(files.weights)), _seconds(start), _seconds(start))


def _seconds(start: Callable[[], object]) -> float:
    began = time.perf_counter()
    start()
    return time.perf_counter() - began
