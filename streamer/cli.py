"""The command ``sightline``: one line for every error, never a traceback."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final

from detectors.errors import DetectorError, InferenceError
from streamer.capture.memory import keep_freed_memory
from streamer.commands import (
    bench,
    config,
    demo,
    detect,
    doctor,
    messages,
    models,
    run,
    sim,
    tail,
    tokens,
    track,
    train,
    users,
)
from streamer.commands.parsers import Parser
from streamer.commands.pipe import write_to_nobody
from streamer.errors import ConfigError, SourceError, StreamerError

COMMANDS: Final = (
    demo,
    run,
    detect,
    track,
    tail,
    bench,
    doctor,
    config,
    users,
    tokens,
    models,
    train,
    messages,
    sim,
)

EXPECTED: Final = (StreamerError, DetectorError, OSError)
WRONG_INPUT: Final = (ConfigError, DetectorError, SourceError)

NEVER: Final = logging.CRITICAL + 1
"""A level that no message has."""

OK: Final = 0
FAILURE: Final = 1
BAD_INPUT: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: of the command; those of the process, which ends with it, when None.

    Returns:
        0 when all went well, 2 for bad input, 1 for a failure at run time.
    """
    status = _run(arguments)
    if arguments is None and _leaves_threads_behind():
        # They come back from native code to an interpreter that is gone (libav has something to log when a
        # read of it times out), which ends the process by a signal.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _leaves_threads_behind() -> bool:
    """Whether a call of native code was given up and still runs: a camera froze, or a model hangs."""
    return any(thread.daemon for thread in threading.enumerate())


def _run(arguments: Sequence[str] | None) -> int:
    interruption = Interruption()
    with interruption.heard(to_the_end=arguments is None):
        try:
            options = build_parser().parse_args(arguments)
            configure_logging(options.debug, options.serves)
            keep_freed_memory()
            status: int = options.run(options)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return OK
        except (*EXPECTED, ImportError, BaseExceptionGroup) as error:
            if interruption.came:
                return OK
            expected = _expected(error)
            if options.debug or expected is None:
                raise
            return _tell(expected)
    return status


class Interruption:
    """SIGINT and SIGTERM where nothing is under way that has to be finished: they just end the command."""

    def __init__(self) -> None:
        self.came = False

    @contextlib.contextmanager
    def heard(self, to_the_end: bool) -> Iterator[None]:
        """With ``to_the_end`` what comes later is ignored: nothing is left but the end of the process."""
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if to_the_end else handler)

    def _end(self, number: int, frame: object) -> None:
        # Remembered: an import of native code that is interrupted fails with an error of its own.
        self.came = True
        raise KeyboardInterrupt


def _expected(error: BaseException) -> Exception | None:
    """The first error that is meant for a person, out of the groups that task groups make."""
    if not isinstance(error, BaseExceptionGroup):
        return error if isinstance(error, EXPECTED) else None
    leaves = [leaf for inner in error.exceptions if (leaf := _expected(inner)) is not None]
    return leaves[0] if leaves else None


def build_parser() -> Parser:
    parser = Parser(
        prog="sightline", description="Streaming object detection: live cameras in, followed objects out."
    )
    parser.add_argument("--version", action="version", version=version("sightline"))
    parser.add_argument("--debug", action="store_true", help="show tracebacks and debug messages")
    parser.set_defaults(serves=False)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def configure_logging(debug: bool, serves: bool) -> None:
    """Messages go to standard error; standard output belongs to results.

    A service also says how it does, and when; a command that ends by itself only what is wrong.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if debug else logging.INFO if serves else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s" if serves or debug else "sightline: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for library in ("aioice", "aiortc"):
        logging.getLogger(library).setLevel(logging.DEBUG if debug else logging.WARNING)
    # It tells the same trouble again and again, with tracebacks; what matters of it is said by us. Its debug
    # messages have passwords in them.
    logging.getLogger("kafka").setLevel(logging.INFO if debug else NEVER)


def _tell(error: Exception) -> int:
    if isinstance(error, BrokenPipeError) or isinstance(error.__cause__, BrokenPipeError):
        write_to_nobody()
        return FAILURE
    for line in str(error).splitlines():
        print(f"sightline: {line}", file=sys.stderr)
    return BAD_INPUT if isinstance(error, WRONG_INPUT) and not isinstance(error, InferenceError) else FAILURE
