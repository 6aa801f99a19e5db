"""A command line that says what is wrong in one line, as every other error is said."""

import argparse
from typing import Any, NoReturn

BAD_INPUT = 2


def names(text: str) -> list[str]:
    """Of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def add_labels(group: argparse._ActionsContainer) -> None:
    """Put ``--labels`` and ``--label`` under a command; both lists together are the classes."""
    group.add_argument("--labels", type=names, default=[], metavar="L,..", help="only these classes")
    group.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="L",
        help="only this class, whatever its name holds; as often as wanted",
    )


class Parser(argparse.ArgumentParser):
    """Ends with status 2 for what it does not understand."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"sightline: {message}; see {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        # Of a subcommand, too: otherwise only the outermost parser would say so, and send to its own help.
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest
