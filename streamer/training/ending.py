"""Becomes another program that ends with its parent: ``python -m .. PARENT PROGRAM ARGUMENT ..``."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that comes when the parent dies, however it does; it outlives execve(2)."""


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the service has ended")
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
