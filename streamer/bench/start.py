"""From the start of a process to its first result."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from streamer.bench.contestant import ContestantFailed

if TYPE_CHECKING:
    from streamer.bench.field import Subject

END_S: Final = 10.0


def ours(subject: Subject) -> list[str]:
    """``sightline detect``; its first line is the result of the first frame."""
    entry = "import sys; from streamer.cli import main; sys.exit(main())"
    return ["-c", entry, "detect", str(subject.material.video), "--model", subject.model, "--json", "-"]


def by_hand(subject: Subject) -> list[str]:
    video = str(subject.material.video)
    return ["-m", "streamer.bench.by_hand.loop", *subject.hand_arguments(), video, "--first"]


def first_result_s(name: str, arguments: Sequence[str]) -> float:
    """Seconds until a Python program has written its first line.

    Raises:
        ContestantFailed: it ended without one.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        elapsed_s = time.perf_counter() - began
        process.terminate()
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
    if not line:
        raise ContestantFailed(f"{name}: it ended without a result")
    return elapsed_s
