"""What one check found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        good: False for what would fail.
        text: what was found.
        advice: what to do about it.
    """

    good: bool
    text: str
    advice: str | None = None
