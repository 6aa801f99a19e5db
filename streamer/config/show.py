"""The configuration as it is now, with where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from streamer.config.secrecy import without_secrets
from streamer.config.settings import DEFAULT

if TYPE_CHECKING:
    from streamer.config.option_tree import KeyPath
    from streamer.config.settings import Settings

LEAST_WIDTH: Final = 40
"""From this column on stand the origins, where the values are no longer."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that is configured, without secrets, and where it comes from."""

    path: KeyPath
    value: Any
    origin: str


def settled(settings: Settings, *, defaults: bool = True) -> Iterator[Shown]:
    """Every value, in the order of the sections.

    Args:
        settings: what is shown.
        defaults: also what nobody has said.
    """
    values = settings.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    finished = settings.file.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    for path, value in _leaves(values, ()):
        origin = settings.origin(path) if value == _at(finished, path) else "command line"
        if defaults or origin != DEFAULT:
            yield Shown(path, without_secrets(value), origin)


def shown(settings: Settings, *, defaults: bool = True) -> str:
    """The same as YAML text: every value, and its origin behind it."""
    lines: list[tuple[str, str]] = []
    above: KeyPath = ()
    for each in settled(settings, defaults=defaults):
        *sections, key = each.path
        for depth, section in enumerate(sections):
            if above[: depth + 1] != tuple(sections[: depth + 1]):
                lines.append((f"{'  ' * depth}{_plain(section)}:", ""))
        above = tuple(sections)
        lines.append((f"{'  ' * len(sections)}{_plain(key)}: {_plain(each.value)}", each.origin))
    lengths = [len(text) for text, origin in lines if origin and len(text) < 2 * LEAST_WIDTH]
    width = max([LEAST_WIDTH, *lengths])
    told = [f"{text:{width}}  # {origin}" if origin else text for text, origin in lines]
    return "\n".join(told) + "\n"


def _leaves(values: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in values.items():
        at = (*path, str(key))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, at)
        else:
            yield at, value


def _plain(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _at(values: Any, path: KeyPath) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values
