"""What else this machine does while we measure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

STAT: Final = Path("/proc/stat")
BUSY_FIELDS: Final = (0, 1, 2, 5, 6, 7)
"""Of the line "cpu": user, nice, system, irq, softirq, steal (proc_stat(5))."""
TIME_FIELDS: Final = slice(11, 13)
"""Of a process, after its name: utime, stime (proc_pid_stat(5))."""


def busy_s() -> float | None:
    """CPU seconds of everything on all cores since the machine started; None where it doesn't say."""
    try:
        fields = STAT.read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    return sum(int(fields[number]) for number in BUSY_FIELDS) / os.sysconf("SC_CLK_TCK")


def process_s(pid: int) -> float:
    """CPU seconds of one process since it started; only where ``busy_s`` knows."""
    # The name may hold spaces and parentheses itself.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[TIME_FIELDS])) / os.sysconf("SC_CLK_TCK")
