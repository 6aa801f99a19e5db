"""Runs programs to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.image.trouble import ImageFailed

MOST_TOLD: Final = 2000
"""Characters of what a program that failed said last."""


def run(command: Sequence[str | Path]) -> str:
    """What it prints; ImageFailed, with its last words, where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout + done.stderr).strip()[-MOST_TOLD:]
        raise ImageFailed(f"{' '.join(map(str, command[:3]))} failed: {told}")
    return done.stdout.strip()


def heard(command: Sequence[str]) -> str:
    """All that it writes, to whichever of its two outputs."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    ).stdout


def succeeds(command: Sequence[str | Path]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
