"""Runs the command ``sightline`` as a user does: a child process, to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIGHTLINE: Final = Path(sys.executable).with_name("sightline")
PATIENCE_S: Final = 90.0
"""For machines on which everything takes ten times as long."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> list[str]:
        """The lines that say what is wrong."""
        return [line for line in self.err.splitlines() if line.startswith("sightline: ")]


def sightline(*arguments: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> Done:
    """Runs a command in ``cwd`` and waits for its end; standard input is empty."""
    done = subprocess.run(
        [SIGHTLINE, *arguments],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
