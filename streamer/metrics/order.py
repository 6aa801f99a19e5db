"""The order in which people count: ``camera-2`` comes before ``camera-10``."""

from __future__ import annotations

import re
from typing import Final

NUMBERS: Final = re.compile(r"([0-9]+)")


def as_counted(name: str) -> list[int | str]:
    """What names are sorted by; text and numbers take turns in it, beginning with text."""
    parts = NUMBERS.split(name)
    return [int(part) if turn % 2 else part for turn, part in enumerate(parts)]
