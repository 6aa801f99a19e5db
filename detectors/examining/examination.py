"""Looks at a model that nobody trusts yet: in a process of its own that may take so much, and no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from detectors.errors import AmbiguousFamily, InferenceError, ModelLoadError, UnknownFamily
from detectors.manifest import ModelManifest
from detectors.wording import escaped

GIB: Final = 1024**3
SECONDS: Final = 300.0
PATIENCE: Final = 4
"""Seconds of the clock that may pass for each of CPU time: what others take is not the model's fault."""
ROOT: Final = Path(__file__).resolve().parents[2]
ERRORS: Final = {
    each.__name__: each for each in (ModelLoadError, InferenceError, UnknownFamily, AmbiguousFamily)
}
LONGEST: Final = 1000
"""Characters of a message."""


class Bounds(BaseModel):
    """What an examination may take.

    Attributes:
        seconds: of CPU time; of the clock it is ``PATIENCE`` times as many, for a busy machine.
        memory_bytes: of address space, over and above eight times the model's file.
    """

    seconds: float = SECONDS
    memory_bytes: int = 6 * GIB


class Tensor(BaseModel):
    """An input or output: its name, type of numbers, and shape with names or ? for what is open."""

    name: str
    type: str
    shape: tuple[int | str, ...]


class Found(BaseModel):
    """An object in a picture: box xyxy in its pixels."""

    box: tuple[float, float, float, float]
    confidence: float
    label: str


class Candidate(BaseModel):
    """A family that a model could be of.

    Attributes:
        family: its name.
        agreement: of what it found with what is there, 0..1.
        found: in each of the pictures of the trial.
    """

    family: str
    agreement: float
    found: tuple[tuple[Found, ...], ...]


class Examined(BaseModel):
    """What an examination found out.

    Attributes:
        manifest: what the model is.
        inputs: of the file.
        outputs: of the file.
        any_batch: whether a run takes any number of pictures; else exactly one.
        operators: how many of the file.
    """

    manifest: ModelManifest
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    any_batch: bool
    operators: int


class Refused(BaseModel):
    """Why a model is refused: which error, what it says, and what else it could be."""

    error: str
    text: str
    candidates: tuple[Candidate, ...] = ()


class Answer(BaseModel):
    """Of the process that looks."""

    examined: Examined | None = None
    refused: Refused | None = None


class Order(BaseModel):
    """For the process that looks.

    Attributes:
        name: of the model.
        weights: its file.
        manifest: its sidecar, if there is one.
        labels: a file with names of its classes, if there is one.
        stated: fields of its manifest that win over those of the sidecar.
        folder: that gets the model in one file and its whole manifest; None keeps nothing.
        bounds: that it must stay within.
    """

    name: str
    weights: Path
    manifest: Path | None
    labels: Path | None
    stated: dict[str, Any]
    folder: Path | None = None
    bounds: Bounds = Bounds()


def examine(order: Order) -> Examined:
    """Read, compile and try a model, without trusting it.

    Raises:
        ModelLoadError: it is refused, or takes more than it may; one line.
        UnknownFamily: of which family it is cannot be told: its ``trials`` are ``Candidate``.
    """
    with tempfile.TemporaryDirectory(prefix="sightline-examine-") as empty, tempfile.TemporaryFile() as said:
        # The folder it works in is empty: modules beside a model are never imported.
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "detectors.examining.examiner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=empty,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *_paths()])},
        ) as process:
            try:
                output, _ = process.communicate(
                    order.model_dump_json().encode(), PATIENCE * order.bounds.seconds
                )
            except subprocess.TimeoutExpired as error:
                raise ModelLoadError(_endless(order.bounds)) from error
            finally:
                process.kill()
        if process.returncode:
            said.seek(max(0, said.seek(0, os.SEEK_END) - LONGEST))
            raise ModelLoadError(_death(process.returncode, said.read(), order.bounds))
    return _taken(Answer.model_validate_json(output))


def _paths() -> list[str]:
    """Where modules are looked for, but the folder that the user stands in."""
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(path).is_absolute()]


def _taken(answer: Answer) -> Examined:
    if answer.examined is not None:
        return answer.examined
    if answer.refused is None:
        raise ModelLoadError("what reads the model did not answer")
    refused, kind = answer.refused, ERRORS.get(answer.refused.error, ModelLoadError)
    if issubclass(kind, UnknownFamily):
        raise kind(refused.text, refused.candidates)
    raise kind(refused.text)


def _endless(bounds: Bounds) -> str:
    return f"reading and trying it did not end within {bounds.seconds:g} s of CPU time"


def _death(code: int, said: bytes, bounds: Bounds) -> str:
    if -code == signal.SIGXCPU:
        return _endless(bounds)
    if code < 0:
        return f"reading or trying it crashes ({signal.Signals(-code).name})"
    last = said.decode(errors="replace").strip().splitlines() or ["no reason told"]
    if "MemoryError" in last[-1] or "bad_alloc" in last[-1]:
        return f"reading or trying it takes more than {bounds.memory_bytes / GIB:.0f} GiB of memory"
    return escaped(f"reading or trying it fails: {last[-1]:.300}")
