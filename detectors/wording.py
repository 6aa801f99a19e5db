"""Words of messages: a received value, and what pydantic says is wrong with it, for a person."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

EXPECTED: Final[Mapping[str, str]] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "names with values",
    "extra_forbidden": "no such field",
    "finite_number": "a number that is not infinite",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "missing": "it",
    "model_attributes_type": "an object of JSON, sent with Content-Type: application/json",
    "model_type": "fields",
    "path_type": "text",
    "string_pattern_mismatch": "a match of {pattern}",
    "string_sub_type": "text",
    "string_type": "text",
    "tuple_type": "a list",
    "string_unicode": "text without broken characters",
}
"""What is expected, by pydantic's type of the error."""


def escaped(text: str) -> str:
    """The text on one line: what cannot be printed becomes its escape sequence."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )


def shown(value: object) -> str:
    """A value as YAML has it, on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{escaped(str(key))}: {shown(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return repr(value) if isinstance(value, str) else escaped(str(value))


def nearest(name: str, known: Collection[str]) -> str:
    """A hint at what may have been meant."""
    near = close(name, known)
    return f" (did you mean {near!r}?)" if near is not None else ""


def close(name: str, known: Collection[str]) -> str | None:
    """The known name that is most like this one; None where none is."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def expectation(details: ErrorDetails) -> str:
    """What was expected where pydantic found something else, such as ``at most 1``."""
    kind, context = details["type"], details.get("ctx", {})
    if kind in ("too_short", "string_too_short"):
        return f"at least {_counted(context['min_length'], kind)}"
    if kind in ("too_long", "string_too_long"):
        return f"at most {_counted(context['max_length'], kind)}"
    bounds = {name: _plain(bound) for name, bound in context.items()}
    return EXPECTED.get(kind, "another value").format(**bounds)


def _plain(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _counted(number: int, kind: str) -> str:
    what = "character" if kind.startswith("string") else "item"
    return f"{number} {what}{'' if number == 1 else 's'}"
