"""A process that answers lines, and what it uses of the processor: a part of viewers.py."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

FAREWELL_S = 10.0


class Asked:
    """A script of this folder as a child, from its first line on until the block is left."""

    def __init__(self, script: str, *arguments: str, tells: bool = True) -> None:
        command = [sys.executable, str(Path(__file__).parent / script), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._used = psutil.Process(self._process.pid)
        self.first = self._line() if tells else ""

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Its input ends, and so does it."""
        try:
            self._process.communicate(timeout=FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._line()

    def cores(self, seconds: float) -> float:
        """CPU seconds per second, all its threads, over that time."""
        began, used_s = time.monotonic(), self._used_s()
        time.sleep(seconds)
        return (self._used_s() - used_s) / (time.monotonic() - began)

    def _used_s(self) -> float:
        times = self._used.cpu_times()
        return float(times.user + times.system)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{self._process.args}: ended before it answered")
        return line
