"""What the subcommands share on the command line: types of arguments."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

if TYPE_CHECKING:
    from streamer.config.scene import Regions


DATA: Final = Path("sightline-data")
"""What is kept, unless said."""
REGIONS: Final = "full|tiles:CxR|x1,y1,x2,y2;.."
"""How `regions` is written."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"sightline: {message}; see {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        # Of a subcommand, too: otherwise only the outermost parser would say so, and send to its own help.
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest


if TYPE_CHECKING:
    Subparsers: TypeAlias = argparse._SubParsersAction[Parser]
else:
    Subparsers = object


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where is what is kept."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--data", type=Path, metavar="DIR", help=f"what is kept ({DATA})")
    place.add_argument("--config", type=Path, metavar="CONFIG.yaml", help="a file that says where that is")


def kept_in(options: argparse.Namespace) -> Path:
    """The data folder.

    Raises:
        ConfigError: the file that says it is wrong.
    """
    if options.config is None:
        return options.data or DATA
    from streamer.config.file import load

    return load(options.config).data


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, received {text!r}")
    return value


def positive(text: str) -> int:
    """A whole number from 1 on."""
    value = number(text)
    if not 1 <= value < math.inf or not value.is_integer():
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, received {text!r}")
    return int(value)


def regions(text: str) -> Regions:
    """``full``, ``tiles:3x2``, or boxes ``x1,y1,x2,y2`` in shares of the picture with ``;`` between them."""
    # Here and not at the top: pydantic is slow to import, and most commands need none of it.
    from pydantic import TypeAdapter, ValidationError

    from streamer.config.scene import Regions

    boxes = [[_read(share) for share in box.split(",")] for box in text.split(";")]
    try:
        value: Regions = TypeAdapter(Regions).validate_python(boxes if "," in text else text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(str(error.errors()[0]["ctx"]["error"])) from None
    return value


def _read(text: str) -> float | str:
    value = number(text)
    return text if math.isnan(value) else value


def number(text: str) -> float:
    """The number, or NaN, which no range holds, where the text is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
