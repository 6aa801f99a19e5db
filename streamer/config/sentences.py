"""What pydantic finds wrong in a configuration, as sentences with file and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from detectors.wording import expectation, nearest, shown
from streamer.config.option_tree import Choice, KeyPath, Spot, expected_at, keys_at, locate
from streamer.config.section import TOLD
from streamer.config.tree import CameraConfig, Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from streamer.config.document import Document

SECRET: Final = re.compile(r"password|token|secret|sasl$|://.*@", re.DOTALL | re.IGNORECASE)
LONGEST: Final = 60
"""Characters of a received value that are shown."""
OF_A_TREE: Final = ("dict_type", "model_type", "tuple_type", "list_type")
"""Errors of which the tree of options knows best what was expected."""


def sentences(document: Document, error: ValidationError, holes: Sequence[KeyPath] = ()) -> list[str]:
    """What is wrong, each thing once; what is left out in the holes is missed by nobody."""
    found = [(locate(Config, details["loc"]), details) for details in error.errors()]
    found = [
        (spot, details)
        for spot, details in found
        if not document.inherited(spot.path) and not any(_is_around(hole, spot.path) for hole in holes)
    ]
    meant = {spot.choice.path for spot, _ in found if spot.choice and _is_meant(document, spot.choice)}
    told = []
    for spot, details in found:
        choice = spot.choice
        if details["type"] == "too_short" and any(_is_within(other, spot) for other, _ in found):
            # Its items are counted without those that are wrong.
            continue
        if details["type"] == "missing" and any(_is_misspelt(spot, *other) for other in found):
            continue
        if choice is None or _is_meant(document, choice):
            told.append(document.told(spot.path, _problem(spot.path, details)))
        elif choice.path not in meant:
            received = received_value(choice.path, document.value(choice.path))
            told.append(document.told(choice.path, f"expected {choice.expected}, received {received}"))
    return list(dict.fromkeys(told))


def _is_meant(document: Document, choice: Choice) -> bool:
    return choice.fits(document.value(choice.path))


def _is_around(first: KeyPath, second: KeyPath) -> bool:
    """Whether one of two options is within the other, or they are the same."""
    return all(one == other for one, other in zip(first, second, strict=False))


def _is_within(inner: Spot, outer: Spot) -> bool:
    return len(inner.path) > len(outer.path) and inner.path[: len(outer.path)] == outer.path


def _is_misspelt(missing: Spot, other: Spot, details: ErrorDetails) -> bool:
    """Whether an unknown key beside it stands for the missing one."""
    beside = details["type"] == "extra_forbidden" and other.path[:-1] == missing.path[:-1]
    return beside and bool(nearest(other.path[-1], [missing.path[-1]]))


def _problem(path: KeyPath, details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        name = f"an item number {int(path[-1]) + 1}" if path[-1].isdigit() else repr(path[-1])
        return f"expected {name}, received nothing"
    if kind == TOLD:
        return details["msg"]
    if kind == "value_error":
        text = str(details["ctx"]["error"])
        expected, _, received = text.rpartition(", received ")
        return f"{expected}, received a value that is not shown" if _is_secret(path, received) else text
    expected = expected_at(Config, path) if kind in OF_A_TREE else expectation(details)
    return f"expected {expected}, received {received_value(path, value)}{_yes_and_no(kind, value)}"


def _yes_and_no(kind: str, value: object) -> str:
    quoted = kind in ("string_type", "literal_error") and isinstance(value, bool)
    return " (yes, no, on and off are true and false to YAML: quote the word)" if quoted else ""


def received_value(path: KeyPath, value: object) -> str:
    """The received value, unless it could hold a secret."""
    text = "nothing" if value is None else shown(value)
    if _is_secret(path, text):
        return "a value that is not shown"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _is_secret(path: KeyPath, text: str) -> bool:
    return bool(SECRET.search(".".join(path)) or SECRET.search(text))


def _unknown_key(path: KeyPath) -> str:
    *section, key = path
    known = keys_at(Config, tuple(section))
    if not section and key in keys_at(CameraConfig, ()):
        return f"expected it within a camera, received {key!r} outside of cameras"
    if len(section) == 2 and section[0] == "cameras" and key in keys_at(Config, ()):
        return f"expected it outside of cameras, received {key!r} within one"
    inner = next((name for name in known if key in keys_at(Config, (*section, name))), None)
    hint = f" (did you mean {inner}.{key}?)" if inner else nearest(key, known)
    return f"expected one of {', '.join(known)}; received {key!r}{hint}"
