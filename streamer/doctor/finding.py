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


def bytes_told(count: int) -> str:
    """``87 kB``, ``1.3 MB``: a number of bytes for a person."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in ("bytes", "kB") else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
