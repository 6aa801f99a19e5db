"""Reads what the product wrote: JSON Lines, the index of events, videos."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import av

Record = dict[str, Any]


def records(path: Path) -> list[Record]:
    """Every line of a file, each of them whole."""
    text = path.read_text()
    assert not text or text.endswith("\n"), f"torn: {text[-200:]!r}"
    return [json.loads(line) for line in text.splitlines()]


def phases(lines: list[Record]) -> dict[str, list[str]]:
    """The phases of each event, in their order."""
    told: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line["schema"].startswith("sightline.events/"):
            told[line["id"]].append(line["phase"])
    return dict(told)


def kept_events(data: Path) -> dict[str, Record]:
    """The events in the index of a data folder, by id."""
    with closing(sqlite3.connect(data / "events.db")) as connection:
        connection.row_factory = sqlite3.Row
        return {row["id"]: dict(row) for row in connection.execute("select * from events")}


def kept_troubles(data: Path) -> list[tuple[str, str, str | None]]:
    """Id, state and reason of what befell cameras, oldest first, in the index of a data folder."""
    with closing(sqlite3.connect(data / "events.db")) as connection:
        return connection.execute("select id, state, reason from camera_events order by since, id").fetchall()


def pictures_of(video: Path) -> int:
    """How many pictures a video has; it is decoded to its end, and a damaged one is an error."""
    with av.open(str(video)) as container:
        return sum(1 for _ in container.decode(video=0))
