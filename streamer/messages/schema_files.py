"""The schemas of all records as files, one for each value of ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from streamer.errors import ConfigError, SchemaBroken
from streamer.messages.evolution import breaks
from streamer.messages.records import schemas

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_files() -> dict[str, dict[str, Any]]:
    """JSON Schema by file name: ``sightline.events-1.json`` is that of ``sightline.events/1``."""
    return {
        f"{name.replace('/', '-')}.json": {"$schema": DIALECT, **schema} for name, schema in schemas().items()
    }


def write_schemas(folder: Path) -> None:
    """Writes them into a folder; what programs may already rely on is not written over.

    Raises:
        SchemaBroken: a file there says what no longer holds; nothing was written.
        ConfigError: a file of that name is something else.
        OSError: the folder cannot be written to, or a file in it not be read.
    """
    files = schema_files()
    for name, schema in files.items():
        path = folder / name
        broken = breaks(_published(path), schema) if path.exists() else []
        if broken:
            raise SchemaBroken(
                f"{path}: expected a new value of schema for another record, received {'; '.join(broken)}"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in files.items():
        (folder / name).write_text(as_text(schema), encoding="utf-8")


def _published(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(path.read_bytes())
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        raise ConfigError(f"{path}: expected a JSON Schema, received something else")
    return schema


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
