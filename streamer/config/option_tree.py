"""The tree of options, walked along the path of a validation error."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, Tag

KeyPath: TypeAlias = tuple[str, ...]

OF_A_KEY: Final = "[key]"
"""What pydantic appends to the location of an error in a key."""
TEXT: Final = re.compile(r"(^|[ -])str\]*$")
"""Pydantic's names of text: bare, with bounds, or checked by a function."""
KEYS_SHOWN: Final = 6
"""Keys of a section that are named to say what it is like."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option that may be one of several kinds of value, and the kind that an error is about.

    Attributes:
        path: of the option.
        tag: pydantic's name of the kind.
        kinds: all of them, as types.
    """

    path: KeyPath
    tag: str
    kinds: tuple[Any, ...]

    @property
    def expected(self) -> str:
        """``text or {main, sub}``: all kinds, for a person."""
        words = list(dict.fromkeys(_words(kind) for kind in self.kinds))
        return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))

    def fits(self, value: object) -> bool:
        """Whether this kind is the one that a person meant who wrote such a value."""
        if isinstance(value, Mapping):
            return any(_is_section(kind) and kind.__name__ == self.tag for kind in self.kinds)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "tuple[" in self.tag
        return isinstance(value, str) and bool(TEXT.search(self.tag))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an error is: the keys as a person writes them, and the choice that it is within."""

    path: KeyPath
    choice: Choice | None


def locate(root: type[BaseModel], location: Sequence[str | int]) -> Spot:
    """The spot of pydantic's ``location``, in which names of kinds stand between the keys."""
    path: KeyPath = ()
    choice: Choice | None = None
    at: Any = root
    for part in location:
        kinds, tagged = _kinds(at), _tagged(at)
        if part == OF_A_KEY:
            break
        if part in tagged:
            # What a person wrote says which kind is meant.
            at = tagged[str(part)]
        elif len(kinds) > 1:
            choice = Choice(path, str(part), kinds)
            at = next((kind for kind in kinds if _has_tag(kind, choice.tag)), None)
        else:
            path = (*path, str(part))
            at = _below(at, str(part))
    return Spot(path, choice)


def keys_at(root: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that the section at ``path`` knows; none where no section may be."""
    section = next((kind for kind in _kinds(_at(root, path)) if _is_section(kind)), None)
    fields = {} if section is None else section.model_fields
    return [field.alias or name for name, field in fields.items()]


def expected_at(root: type[BaseModel], path: KeyPath) -> str:
    """What may stand at ``path``, for a person: ``{from, to, labels}``, ``NAME: text``."""
    return " or ".join(dict.fromkeys(map(_words, _kinds(_at(root, path)))))


def _at(root: type[BaseModel], path: KeyPath) -> Any:
    at: Any = root
    for part in path:
        at = _below(at, part)
    return at


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """What a value may be, bare: without bounds, and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(kind for each in get_args(annotation) for kind in _kinds(each) if kind is not type(None))


def _tagged(annotation: Any) -> dict[str, Any]:
    """The kinds of a value that pydantic tells apart by a tag, by their tags."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, types.UnionType):
        return {}
    return {
        mark.tag: get_args(kind)[0]
        for kind in get_args(annotation)
        if get_origin(kind) is Annotated
        for mark in get_args(kind)[1:]
        if isinstance(mark, Tag)
    }


def _below(annotation: Any, part: str) -> Any:
    """The annotation of what stands under a key, or at a place in a list; None where nothing is known."""
    for kind in _kinds(annotation):
        if _is_section(kind):
            fields = kind.model_fields.items()
            return next((field.annotation for name, field in fields if part in (field.alias, name)), None)
        inner = get_args(kind)
        if get_origin(kind) is dict:
            return inner[1]
        if get_origin(kind) is tuple:
            return inner[0]
    return None


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _has_tag(kind: Any, tag: str) -> bool:
    if _is_section(kind):
        return bool(kind.__name__ == tag)
    return (get_origin(kind) is tuple) == ("tuple[" in tag)


def _words(kind: Any) -> str:
    if _is_section(kind):
        keys = keys_at(kind, ())
        return f"{{{', '.join(keys if len(keys) <= KEYS_SHOWN else [*keys[:4], '..'])}}}"
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return ", ".join(map(repr, inner))
    if get_origin(kind) is tuple:
        return (
            "a list" if len(inner) < 2 or inner[1] is not ... else f"a list of {_words(_kinds(inner[0])[0])}"
        )
    if get_origin(kind) is dict:
        return f"NAME: {_words(_kinds(inner[1])[0])}"
    return {str: "text", float: "a number", int: "a whole number", bool: "true or false"}.get(kind, "text")
