"""Tells how far a training is: to a person on standard error, to programs in ``progress.jsonl``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

Stage = Literal["reading", "features", "training", "report", "export", "gate", "done", "failed", "cancelled"]
Metrics = Mapping[str, float]
Callback = Callable[[str, Metrics], None]
"""Hears the figures of an epoch, and of which training they are."""

WEIGHTS: Final[dict[Stage, float]] = {
    "reading": 0.05, "features": 0.25, "training": 0.6, "report": 0.04, "export": 0.05, "gate": 0.01
}  # fmt: skip
"""About what share of the time each stage takes."""
TITLES: Final[dict[Stage, str]] = {
    "reading": "reading pictures", "features": "features", "training": "training", "report": "report",
    "export": "export", "gate": "comparing", "done": "done", "failed": "failed", "cancelled": "cancelled",
}  # fmt: skip
PROGRESS_FILE: Final = "progress.jsonl"
APART_S: Final = 0.2
"""Lines of one stage come no closer than this, but for the last."""


@dataclass(slots=True)
class Teller:
    """Passes on what happens.

    Attributes:
        file: gets lines of JSON.
        bar: is moved.
        callback: hears the figures of each epoch, and of which training they are.
        text: gets remarks where there is no bar.
    """

    file: TextIO | None = None
    bar: Progress | None = None
    callback: Callback | None = None
    text: TextIO | None = None
    _task: Any = None
    _began: float = field(default_factory=time.monotonic)
    _last: float = 0.0
    _stage: str = ""

    def tell(
        self, stage: Stage, share: float = 0.0, message: str = "", metrics: Metrics | None = None
    ) -> None:
        """Say that ``share`` (0..1) of a stage is done.

        Args:
            stage: which.
            share: of it that is done.
            message: for people, such as the fold.
            metrics: of the epoch that has just ended.
        """
        if metrics and self.callback:
            self.callback(message, metrics)
        now = time.monotonic()
        done = _done(stage, share)
        self._show(stage, done, message)
        if stage == self._stage and share < 1 and now - self._last < APART_S:
            return
        self._stage, self._last = stage, now
        self._write(stage, done, message, metrics, now - self._began)

    def say(self, text: str) -> None:
        """A remark for people, above the bar."""
        if self.bar:
            self.bar.console.print(text, highlight=False, markup=False)
        elif self.text:
            print(text, file=self.text, flush=True)
        if self.file:
            self._line({"stage": self._stage or "reading", "message": text})

    def _show(self, stage: Stage, done: float, message: str) -> None:
        if not self.bar:
            return
        if self._task is None:
            self._task = self.bar.add_task("", total=1.0)
        self.bar.update(self._task, completed=done, description=f"{TITLES[stage]} {message}".strip())

    def _write(
        self, stage: Stage, done: float, message: str, metrics: Metrics | None, spent_s: float
    ) -> None:
        eta_s = spent_s / done - spent_s if 0 < done < 1 else None
        self._line(
            {
                "stage": stage, "done": round(done, 4), "message": message, "metrics": dict(metrics or {}),
                "spent_s": round(spent_s, 1), "eta_s": None if eta_s is None else round(eta_s, 1),
            }
        )  # fmt: skip

    def _line(self, content: dict[str, Any]) -> None:
        if self.file:
            self.file.write(json.dumps({"at": datetime.now(UTC).isoformat(), **content}) + "\n")
            self.file.flush()


def bar() -> Progress:
    """A bar on standard error with the time that is left; plain lines where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip


def open_log(path: Path) -> TextIO:
    """The file of progress, begun anew."""
    return path.open("w", encoding="utf-8")


def _done(stage: Stage, share: float) -> float:
    if stage not in WEIGHTS:
        return 1.0 if stage == "done" else 0.0
    before = 0.0
    for name, weight in WEIGHTS.items():
        if name == stage:
            return before + weight * min(max(share, 0.0), 1.0)
        before += weight
    return before
