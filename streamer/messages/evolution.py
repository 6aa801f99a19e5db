"""Whether a program that was written against a published schema still reads what is said today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Final = frozenset({"title", "description", "examples", "$schema"})
"""What is for people only."""


def breaks(published: Schema, present: Schema) -> list[str]:
    """What of a published JSON Schema no longer holds, one line each; empty when programs see no difference.

    New keys that may be absent are all that is allowed: older programs pass over them, newer ones read older
    records. That a key is gone, renamed, of another type, within other bounds, must or may be absent, is not.
    """
    return list(_differences(_plain(published, published), _plain(present, present), ""))


def _plain(schema: Any, root: Schema) -> Any:
    """The schema with its references filled in and without text."""
    if isinstance(schema, list):
        return [_plain(each, root) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: value for name, value in schema.items() if name not in TEXT | {"$ref", "$defs"}}
    plain = {
        name: _properties(value, root) if name == "properties" else _plain(value, root)
        for name, value in said.items()
    }
    reference = schema.get("$ref")
    if reference is None:
        return plain
    target: Any = root
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return {**_plain(target, root), **plain}


def _properties(properties: Schema, root: Schema) -> Schema:
    """The names in here are keys of records, also where they are ``title`` or ``description``."""
    return {name: _plain(value, root) for name, value in properties.items()}


def _differences(published: Any, present: Any, path: str) -> Iterator[str]:
    if isinstance(published, dict) and isinstance(present, dict):
        yield from _keys(published, present, path)
        for name in sorted(published.keys() | present.keys()):
            if name not in {"properties", "required"}:
                inner = f"{path}[]" if name == "items" else path
                yield from _values(name, published, present, inner)
    elif published != present:
        yield f"{path or '.'}: expected {published}, received {present}"


def _values(name: str, published: Schema, present: Schema, path: str) -> Iterator[str]:
    before, now = published.get(name), present.get(name)
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for one, other in zip(before, now, strict=True):
            yield from _differences(one, other, path)
    elif isinstance(before, dict) and isinstance(now, dict):
        yield from _differences(before, now, path)
    elif before != now:
        yield f"{path or '.'}: {name}: expected {before}, received {now}"


def _keys(published: Schema, present: Schema, path: str) -> Iterator[str]:
    before, now = published.get("properties", {}), present.get("properties", {})
    needed, needed_now = set(published.get("required", ())), set(present.get("required", ()))
    for name in before:
        if name not in now:
            yield f"{path}.{name}: is gone"
            continue
        if (name in needed) != (name in needed_now):
            yield f"{path}.{name}: {'may' if name in needed else 'must not'} be absent now"
        yield from _differences(before[name], now[name], f"{path}.{name}")
    for name in sorted(needed_now - before.keys()):
        yield f"{path}.{name}: is new and not optional"
