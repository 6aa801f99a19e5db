"""What README.md says of Kafka, as a person reads it."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
SECTION = "**Records on Kafka.**"


def section() -> str:
    """From its heading to the next one."""
    _, found, rest = README.read_text().partition(SECTION)
    assert found, f"expected {SECTION} in {README}"
    return re.split(r"^(?:\*\*|## )", rest, maxsplit=1, flags=re.MULTILINE)[0]


def example(language: str) -> str:
    """The one fenced example of that language in the section."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", section(), re.MULTILINE | re.DOTALL)
    return text
