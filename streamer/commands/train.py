"""``sightline train`` and ``sightline dataset``: start the trainer, which is a process of its own."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from streamer.errors import StreamerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamer.commands.parsers import Subparsers

NO_OPTIONS: Final = "\0"
"""Begins the options of a parser that has none: all that follows is for the trainer."""
HELP: Final = {
    "train": "a classifier from labelled pictures",
    "dataset": "look at labelled pictures, export and import them",
}


def add_parser(subparsers: Subparsers) -> None:
    for name, text in HELP.items():
        parser = subparsers.add_parser(name, help=text, add_help=False, prefix_chars=NO_OPTIONS)
        parser.add_argument("arguments", nargs="*")
        parser.set_defaults(run=run_trainer, recipe=name)


def run_trainer(options: argparse.Namespace) -> int:
    """Run the trainer with what follows; its exit status is ours."""
    return trainer([options.recipe, *options.arguments], debug=options.debug)


def trainer(arguments: Sequence[str], *, debug: bool) -> int:
    """Wait for a trainer; SIGINT and SIGTERM go on to it, so that it ends as it wants to."""
    command = [sys.executable, "-P", "-m", "trainer", *(["--debug"] if debug else []), *arguments]
    child = subprocess.Popen(command)
    before = {
        number: signal.signal(number, lambda received, _: child.send_signal(received))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status < 0:
        raise StreamerError(_ended(signal.Signals(-status), arguments[0]))
    return status


def _ended(number: signal.Signals, recipe: str) -> str:
    """What is said for a trainer that had no time left to say anything."""
    # The kernel kills what takes the last memory; native code that gets none aborts.
    why = ", perhaps for want of memory" if number in (signal.SIGKILL, signal.SIGABRT) else ""
    return f"the trainer was ended by {number.name}{why}" + (
        ": go on with --resume" if recipe == "train" else ""
    )
