"""Standard output as a pipe whose reader may go."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys


def require_reader() -> None:
    """Where nothing is written, nothing else tells that whoever read us has gone.

    Raises:
        BrokenPipeError: they have.
    """
    look = select.poll()
    look.register(sys.stdout.fileno(), 0)
    if any(event & select.POLLERR for _, event in look.poll(0)):
        raise reader_gone()


def reader_gone() -> BrokenPipeError:
    return BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def write_to_nobody() -> None:
    """What is still to be written goes nowhere: nothing more can be said to whoever read us."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
