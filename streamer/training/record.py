"""What is known of one training, all of it on disk: what was asked for, how far it is, what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
"""``interrupted``: the service ended meanwhile."""

REQUEST: Final = "request.json"
OUTCOME: Final = "outcome.json"
PROGRESS: Final = "progress.jsonl"
LOG: Final = "log.txt"
NAME: Final = "^[a-z0-9][a-z0-9_-]{0,99}$"
MOST_LINES: Final = 20_000
"""Of the progress that is read."""
MOST_LOG_BYTES: Final = 4_000


def _whole(said: object) -> object:
    """JSON has one kind of number: 60.0 is a whole one."""
    return int(said) if isinstance(said, float) and said.is_integer() else said


Label = Annotated[str, Field(pattern="^[^\\u0000-\\u001f\\u007f]+$", max_length=100)]
"""Of a class; an argument of a command, which cannot hold every character."""


class Wish(BaseModel):
    """What is to be trained, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=NAME, description="of the model in the store")]
    labels: Annotated[
        list[Label], Field(max_length=200, description="only these classes; none said: all")
    ] = []
    backbone: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$",
            description="`auto`, or a network: `squeezenet`",
        ),
    ] = "auto"
    fine_tune: Annotated[bool, Field(description="train the top of the backbone, too: slower")] = False
    balanced: Annotated[bool, Field(description="rare classes weigh as much as common ones")] = False
    epochs: Annotated[int, Field(ge=1, le=10_000), BeforeValidator(_whole)] = 60
    seed: Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)] = 0
    promote: Annotated[
        Literal["gate", "always", "never"],
        Field(description="`gate`: it serves at once where it is no worse than the one that does"),
    ] = "gate"

    def arguments(self) -> Iterator[str]:
        """Of the trainer's command, behind the dataset."""
        yield from ("--name", self.name, "--backbone", self.backbone, "--epochs", str(self.epochs))
        yield from ("--seed", str(self.seed), "--promote", self.promote)
        yield from (f"--label={each}" for each in self.labels)
        if self.fine_tune:
            yield "--fine-tune"
        if self.balanced:
            yield from ("--class-weights", "balanced")


class Asked(BaseModel):
    """A wish, and when it was said."""

    model_config = ConfigDict(frozen=True)

    wish: Wish
    at: datetime


class Outcome(BaseModel):
    """What became of a training; ``said`` is a line for a person."""

    model_config = ConfigDict(frozen=True)

    state: Literal["done", "failed", "cancelled", "interrupted"]
    said: str
    at: datetime


class Step(BaseModel):
    """A line of the trainer's progress.

    Attributes:
        done: share of the whole, 0..1.
        metrics: of an epoch that has just ended.
        eta_s: how long it still takes, as far as can be said.
    """

    model_config = ConfigDict(frozen=True)

    stage: str
    done: float | None = None
    message: str = ""
    metrics: Mapping[str, float] = {}
    eta_s: float | None = None


class Training(BaseModel):
    """A training as of now; ``steps`` is its progress so far."""

    model_config = ConfigDict(frozen=True)

    id: str
    wish: Wish
    asked_at: datetime
    state: State
    said: str
    ended_at: datetime | None
    steps: Sequence[Step]

    @property
    def done(self) -> float:
        """How much of it is done, 0..1."""
        return next((each.done for each in reversed(self.steps) if each.done is not None), 0.0)

    @property
    def stage(self) -> str | None:
        return self.steps[-1].stage if self.steps else None

    @property
    def eta_s(self) -> float | None:
        return self.steps[-1].eta_s if self.steps else None

    @property
    def epochs(self) -> list[Mapping[str, float]]:
        """The figures of each epoch, in order."""
        return [each.metrics for each in self.steps if each.metrics]

    @property
    def latest_epochs(self) -> list[Mapping[str, float]]:
        """Those of the run that goes on, or was last: a small set is trained once for each of its folds."""
        figured = [each for each in reversed(self.steps) if each.metrics]
        return [each.metrics for each in figured if each.message == figured[0].message][::-1]


def read_training(folder: Path, waiting: State) -> Training | None:
    """What a folder holds; None where it is none of a training.

    Args:
        waiting: what it is as long as nothing became of it.
    """
    try:
        asked = Asked.model_validate_json((folder / REQUEST).read_bytes())
    except (OSError, ValidationError):
        return None
    outcome = _outcome(folder)
    return Training(
        id=folder.name,
        wish=asked.wish,
        asked_at=asked.at,
        state=waiting if outcome is None else outcome.state,
        said="" if outcome is None else outcome.said,
        ended_at=None if outcome is None else outcome.at,
        steps=tuple(_steps(folder / PROGRESS)),
    )


def has_ended(folder: Path) -> bool:
    return _outcome(folder) is not None


def write_outcome(folder: Path, outcome: Outcome) -> None:
    beside = folder / f".{OUTCOME}"
    beside.write_text(outcome.model_dump_json())
    beside.replace(folder / OUTCOME)


def last_line(log: Path) -> str:
    """What was written to a log last."""
    try:
        text = log.read_bytes()[-MOST_LOG_BYTES:].decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("sightline: ") if lines else ""


def _outcome(folder: Path) -> Outcome | None:
    try:
        return Outcome.model_validate_json((folder / OUTCOME).read_bytes())
    except (OSError, ValidationError):
        return None


def _steps(path: Path) -> Iterator[Step]:
    """Whole lines; what is being written is left for the next look."""
    try:
        lines = path.read_text(errors="replace").splitlines(keepends=True)
    except OSError:
        return
    for line in lines[-MOST_LINES:]:
        if not line.endswith("\n"):
            continue
        try:
            content: Any = json.loads(line)
            yield Step.model_validate(content)
        except (ValueError, ValidationError):
            continue
