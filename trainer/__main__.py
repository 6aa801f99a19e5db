"""The trainer's command: `python -m trainer train|dataset|nano|convert`."""

import logging
import sys
import warnings
from collections.abc import Sequence

from trainer import commands, dataset_commands
from trainer.convert import commands as convert
from trainer.errors import Cancelled, TrainerError
from trainer.nano import commands as nano
from trainer.parser import BAD_INPUT, Parser

OK, FAILURE = 0, 1
CANCELLED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, 2 for what cannot be trained on, 130 for a training that was cancelled."""
    parser = Parser(prog="python -m trainer")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    recipes = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(recipes)
    dataset_commands.add_parser(recipes)
    nano.add_parser(recipes)
    convert.add_parser(recipes)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    # Damaged metadata of pictures: what cannot be used is named by us.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        status = options.run(options)
    except Cancelled as error:
        print(f"sightline: {error}", file=sys.stderr)
        return CANCELLED
    except (TrainerError, OSError) as error:
        if options.debug:
            raise
        print(f"sightline: {error}", file=sys.stderr)
        return BAD_INPUT if isinstance(error, TrainerError) else FAILURE
    return status or OK


if __name__ == "__main__":
    sys.exit(main())
