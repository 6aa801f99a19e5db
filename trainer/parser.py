"""A command line that says what is wrong in one line, as every other error is said."""

import argparse
from typing import NoReturn

BAD_INPUT = 2


class Parser(argparse.ArgumentParser):
    """Ends with status 2 for what it does not understand."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"error: {message}; see {self.prog} --help\n")
