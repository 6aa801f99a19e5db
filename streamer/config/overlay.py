"""What was changed while the service ran, laid over the configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from streamer.config.document import Document, Mark
from streamer.config.option_tree import KeyPath

HEADER: Final = """\
# What pages and programs changed while the service ran. It wins over the configuration file; `null` takes
# away what is said there. `sightline config show` says where each value comes from.
"""


def layered(base: Document, overlay: Document) -> Document:
    """One document: what the overlay says wins, and what is null there is taken away.

    What it says of a camera that nobody names any more counts for nothing.
    """
    values = _without_strays(base, overlay)
    removed = tuple(_nulls(values))
    return Document(
        base.name,
        laid_over(base.values, values),
        {**base.marks, **dict(_marks(base, overlay))},
        (*base.faults, *overlay.faults),
        removed,
    )


def laid_over(values: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Both: sections key by key, other values of the patch in place of those below; nulls stay (RFC 7396)."""
    laid = dict(values)
    for key, value in patch.items():
        below = laid.get(key)
        if isinstance(value, Mapping):
            laid[key] = laid_over(below if isinstance(below, Mapping) else {}, value)
        else:
            laid[key] = value
    return laid


def take_away(values: dict[str, Any], path: KeyPath) -> None:
    """Without the option at ``path``, where there is one."""
    *sections, key = path
    section: Any = values
    for part in sections:
        section = section.get(part) if isinstance(section, dict) else None
    if isinstance(section, dict):
        section.pop(key, None)


def overlay_text(values: Mapping[str, Any]) -> str:
    """The file of an overlay."""
    return HEADER + yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False)


def write_overlay(path: Path, values: Mapping[str, Any]) -> None:
    """Write the file as a whole or not at all, for its owner only: passwords may be in it.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(overlay_text(values))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _without_strays(base: Document, overlay: Document) -> Mapping[str, Any]:
    cameras = overlay.value(("cameras",))
    if not isinstance(cameras, Mapping):
        return overlay.values
    known = {
        name: camera
        for name, camera in cameras.items()
        if base.value(("cameras", name)) is not None or not isinstance(camera, Mapping) or "source" in camera
    }
    return {**overlay.values, "cameras": known}


def _nulls(values: Mapping[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    for key, value in values.items():
        if value is None:
            yield (*path, key)
        elif isinstance(value, Mapping):
            yield from _nulls(value, (*path, key))


def _marks(base: Document, overlay: Document) -> Iterator[tuple[KeyPath, Mark]]:
    """Of what the overlay says; a section that is in both stands in the base."""
    for path, mark in overlay.marks.items():
        if not (isinstance(base.value(path), Mapping) and isinstance(overlay.value(path), Mapping)):
            yield path, mark
