"""What the rules said of an object, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamer.event import Ruling

Value = float | str | None


def _number(value: Value) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else f"{value:.3g}"


def _share(value: Value) -> str:
    return _number(value) if value is None or isinstance(value, str) else f"{100 * value:.3g}%"


SENTENCES: Final[Mapping[str, Callable[[Value, Value], str]]] = {
    "confirm_hits": lambda value, limit: f"Seen {_number(value)} times (at least {_number(limit)})",
    "confirm_s": lambda value, limit: f"In view for {_number(value)} s (at least {_number(limit)} s)",
    "threshold": lambda value, limit: f"Recognised with {_share(value)} (at least {_share(limit)})",
    "min_confidence": lambda value, limit: f"Found with {_share(value)} (at least {_share(limit)})",
    "min_area": lambda value, limit: f"Covers {_share(value)} of the picture (at least {_share(limit)})",
    "max_area": lambda value, limit: f"Covers {_share(value)} of the picture (at most {_share(limit)})",
    "min_ratio": lambda value, limit: f"{_number(value)} times as wide as high (at least {_number(limit)})",
    "max_ratio": lambda value, limit: f"{_number(value)} times as wide as high (at most {_number(limit)})",
    "required_zones": lambda value, limit: f"Was {_number(value)} (asked for: {_number(limit)})",
    "labels": lambda value, limit: f"Is a {_number(value)} (asked for: {_number(limit)})",
}


def sentence(ruling: Ruling) -> str:
    """``Seen 11 times (at least 3)``; with the zone whose rule it is, where it is one's."""
    within, _, rule = ruling.rule.rpartition(".")
    said = SENTENCES.get(rule)
    if said is None:
        return str(ruling)
    zone = within.removeprefix("zones.").removesuffix(".filters") if within.startswith("zones.") else ""
    text = said(ruling.value, ruling.limit)
    return f"Zone {zone}: {text[0].lower()}{text[1:]}" if zone else text
