"""The trainer's command: `python -m trainer nano train|export|evaluate`, `python -m trainer convert`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from trainer.convert import commands as convert
from trainer.errors import TrainerError
from trainer.nano import commands as nano


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 2 for what cannot be trained on."""
    parser = argparse.ArgumentParser(prog="python -m trainer")
    recipes = parser.add_subparsers(required=True, metavar="RECIPE")
    nano.add_parser(recipes)
    convert.add_parser(recipes)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        options.run(options)
    except TrainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
