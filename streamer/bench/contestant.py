"""One measured program: a process of its own, so that no thread of it disturbs another's turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Final, Generic, Literal, Self, TypeVar

from streamer.errors import StreamerError

S = TypeVar("S")

READY: Final = "ready"
END_S: Final = 5.0


class ContestantFailed(StreamerError):
    """A measured program ended before its time."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[S]):
    """A module that answers on its standard output: ``ready``, then a JSON object per line that it reads.

    Attributes:
        name: for people.
        module: run with ``python -m``.
        arguments: of its command line.
        kind: what its answers are.
        unit: what it measures a given amount of.
    """

    name: str
    module: str
    arguments: Sequence[str]
    kind: type[S]
    unit: Literal["frames", "seconds"]


class Contestant(Generic[S]):
    """A running entry; it waits without using the CPU until it is asked."""

    def __init__(self, entry: Entry[S]) -> None:
        self.entry = entry
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None

    def __enter__(self) -> Self:
        # A pipe that nobody reads would stop a talkative program.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.entry.module, *self.entry.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, errors = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        # What a dead program did not read is flushed once more here.
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(END_S if kind is None else 0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        errors.close()

    @property
    def pid(self) -> int:
        return self._running()[0].pid

    def wait_ready(self) -> None:
        """Until everything is loaded and warm."""
        if self._line() != READY:
            raise self._failure()

    def measure(self, amount: float) -> S:
        """One turn of so many frames or seconds.

        Raises:
            ContestantFailed: it ended; the reason is the last line that it wrote.
        """
        process, _ = self._running()
        assert process.stdin is not None
        try:
            print(amount, file=process.stdin, flush=True)
            return self.entry.kind(**json.loads(self._line()))
        except (BrokenPipeError, ValueError, TypeError):
            raise self._failure() from None

    def _line(self) -> str:
        process, _ = self._running()
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def _running(self) -> tuple[subprocess.Popen[str], IO[str]]:
        assert self._process is not None, "measure inside 'with'"
        assert self._errors is not None
        return self._process, self._errors

    def _failure(self) -> ContestantFailed:
        _, errors = self._running()
        errors.seek(0)
        lines = errors.read().split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "it ended")
        return ContestantFailed(f"{self.entry.name}: {reason}")
