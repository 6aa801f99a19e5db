"""Runs a program that cannot outlive whoever started it: ``tied.py PROGRAM [ARGUMENT ..]``.

Prints the program's process id, and ends as it ends. When standard input closes, because the starter has
died in whatever way, the program is killed; it is also killed, on Linux, when this process is.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    # There is one thread here, so that code may run between fork and exec.
    on_linux = sys.platform == "linux"
    child = subprocess.Popen(
        sys.argv[1:], stdin=subprocess.DEVNULL, stdout=2, preexec_fn=die_with_parent if on_linux else None
    )
    print(child.pid, flush=True)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while child.poll() is None:
        readable, _, _ = select.select([0, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
        if 0 in readable and not os.read(0, 4096):
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main())
