"""The configuration as it is now, with where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import yaml

from streamer.config.secrecy import concealed
from streamer.config.settings import DEFAULT

if TYPE_CHECKING:
    from streamer.config.document import Document
    from streamer.config.option_tree import KeyPath
    from streamer.config.settings import Settings

LEAST_WIDTH: Final = 40
"""From this column on stand the origins, where the values are no longer."""


def shown(settings: Settings, *, defaults: bool = True) -> str:
    """YAML text: every value, and its origin behind it; without secrets.

    Args:
        settings: what is shown.
        defaults: also what nobody has said.
    """
    values = settings.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    finished = settings.file.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    lines = list(_lines(values, (), _Origins(settings.file.document, finished), defaults))
    lengths = [len(text) for text, origin in lines if origin and len(text) < 2 * LEAST_WIDTH]
    width = max([LEAST_WIDTH, *lengths])
    told = [f"{text:{width}}  # {origin}" if origin else text for text, origin in lines]
    return "\n".join(told) + "\n"


class _Origins:
    """Where values come from."""

    def __init__(self, document: Document, unfinished: Mapping[str, Any]) -> None:
        self._document = document
        self._unfinished = unfinished

    def of(self, path: KeyPath, value: Any) -> str:
        if value != _at(self._unfinished, path):
            return "command line"
        inherited = path[2:] if path[:1] == ("cameras",) else ()
        for each in (path, inherited):
            if each and each in self._document.marks:
                return str(self._document.marks[each])
            if each and self._document.value(each) is not None:
                return self._document.name
        return DEFAULT


def _lines(
    values: Mapping[str, Any], path: KeyPath, origins: _Origins, defaults: bool
) -> Iterator[tuple[str, str]]:
    indent = "  " * len(path)
    for key, value in values.items():
        at = (*path, str(key))
        if isinstance(value, Mapping) and value:
            below = list(_lines(value, at, origins, defaults))
            if below:
                yield f"{indent}{_plain(key)}:", ""
                yield from below
            continue
        origin = origins.of(at, value)
        if defaults or origin != DEFAULT:
            yield f"{indent}{_plain(key)}: {_plain(value)}", origin


def _plain(value: Any) -> str:
    """A value on one line of YAML."""
    told = concealed(value) if isinstance(value, str) else value
    text = yaml.safe_dump(told, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _at(values: Any, path: KeyPath) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values
