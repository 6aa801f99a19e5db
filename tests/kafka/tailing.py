"""The command ``sightline tail`` as a user runs it, read line by line."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

SIGHTLINE: Final = Path(sys.executable).with_name("sightline")
PATIENCE_S: Final = 60.0


class Tail:
    """A running command; what it writes is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.err = Lines(process.stderr)
        self.out = Lines(process.stdout, self.err)

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()
        self.err.close()


class Lines:
    """The lines of a pipe."""

    def __init__(self, pipe: IO[str], explanation: Lines | None = None) -> None:
        self._pipe = pipe
        self._explanation = explanation
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def next(self) -> str:
        line = self._lines.get(timeout=PATIENCE_S)
        if line is None:
            said = [] if self._explanation is None else self._explanation.rest()
            raise AssertionError(f"the command has ended: {said}")
        return line

    def rest(self) -> list[str]:
        """To the end of the command."""
        return list(iter(lambda: self._lines.get(timeout=PATIENCE_S), None))

    def close(self) -> None:
        self._thread.join()
        self._pipe.close()

    def _read(self) -> None:
        for line in self._pipe:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


@contextmanager
def tail(*arguments: str | Path, before: tuple[str, ...] = ()) -> Iterator[Tail]:
    """``sightline tail ARGUMENTS``; the times it shows are UTC."""
    process = subprocess.Popen(
        [SIGHTLINE, *before, "tail", *arguments],
        env={**os.environ, "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Tail(process)
    try:
        yield running
    finally:
        running.close()
