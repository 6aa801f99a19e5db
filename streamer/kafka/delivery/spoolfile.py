"""The file of the spool: messages in SQLite, in the order in which they were taken."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from streamer.kafka.message import Kind, Message, ObjectPhase, Queued

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    lasting INTEGER NOT NULL,
    topic TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    headers TEXT NOT NULL,
    size INTEGER NOT NULL,
    taken_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS passing ON messages (number) WHERE lasting = 0;
CREATE TABLE IF NOT EXISTS open_events (
    event TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    value BLOB NOT NULL,
    seen_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ended_events (
    number INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE,
    ended_at TEXT NOT NULL
);
"""
COLUMNS: Final = "number, id, kind, topic, key, value, headers, taken_at"
LOCK_TIMEOUT_S: Final = 10.0
SIDE_FILES: Final = ("", "-wal", "-shm")
ENDS_KEPT: Final = 1000
"""Of so many events it is known when they ended; a process that is killed leaves a few behind."""
FREE_PAGES: Final = 2048
"""So many are kept for what comes next; more are given back to the disk."""


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An object's event whose end was not told yet.

    Attributes:
        value: its record as last told.
        seen_at: UTC, capture time of the frame it was last told with.
    """

    event: str
    camera: str
    value: bytes
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds: messages, their bytes, and the greatest number ever given."""

    count: int
    size: int
    last: int


class SpoolFile:
    """Blocking, for one thread at a time; every method raises sqlite3.Error."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        """
        Args:
            sync: what was appended survives a loss of power.
        """
        self._sync = "FULL" if sync else "NORMAL"
        self._connection = sqlite3.connect(
            path, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(SCHEMA)
        except sqlite3.Error:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def check(self) -> None:
        """Read all of it; DatabaseError when something is broken."""
        (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)

    def contents(self) -> Contents:
        count, size = self._connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM messages"
        ).fetchone()
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
        return Contents(count, size, row[0] if row else 0)

    def append(self, messages: Sequence[Message]) -> list[Queued]:
        """Take all or none; durable when it returns."""
        with self._transaction(self._sync):
            return [Queued(message, self._insert(message)) for message in messages]

    def read(self, after: int, count: int) -> list[Queued]:
        """The first messages whose numbers are greater than ``after``."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM messages WHERE number > ? ORDER BY number LIMIT ?", (after, count)
        )
        return [_queued(row) for row in rows]

    def remove(self, numbers: Iterable[int]) -> None:
        """Forget these; a loss of power may bring them back."""
        with self._transaction("NORMAL"):
            self._connection.executemany("DELETE FROM messages WHERE number = ?", ((n,) for n in numbers))
        self._give_back()

    def passing(self, after: int, size: int) -> list[tuple[int, int, str]]:
        """Number, size and topic of the oldest messages that may be left out, of at least ``size`` bytes."""
        chosen: list[tuple[int, int, str]] = []
        rows = self._connection.execute(
            "SELECT number, size, topic FROM messages WHERE lasting = 0 AND number > ? ORDER BY number",
            (after,),
        )
        with closing(rows):
            for row in rows:
                if size <= 0:
                    break
                chosen.append(row)
                size -= row[1]
        return chosen

    def oldest_at(self) -> float | None:
        """When the oldest message was taken, seconds since the epoch."""
        row = self._connection.execute("SELECT taken_at FROM messages ORDER BY number LIMIT 1").fetchone()
        return row[0] if row else None

    def unended(self) -> tuple[OpenEvent, ...]:
        rows = self._connection.execute(
            "SELECT event, camera, value, seen_at FROM open_events ORDER BY event"
        )
        return tuple(
            OpenEvent(event, camera, value, datetime.fromisoformat(seen_at))
            for event, camera, value, seen_at in rows
        )

    def ended(self) -> dict[str, datetime]:
        """When the events ended whose ends were told last, UTC."""
        rows = self._connection.execute("SELECT event, ended_at FROM ended_events")
        return {event: datetime.fromisoformat(ended_at) for event, ended_at in rows}

    def adopt(self, broken: Path) -> int:
        """Take over what can still be read of a broken file, under the same numbers; say how much."""
        taken: dict[int, Queued] = {}
        with closing(sqlite3.connect(f"{broken.absolute().as_uri()}?mode=ro", uri=True)) as old:
            for order in ("ASC", "DESC"):
                try:
                    for row in old.execute(f"SELECT {COLUMNS} FROM messages ORDER BY number {order}"):
                        if row[0] in taken:
                            break
                        taken[row[0]] = _queued(row)
                except (sqlite3.Error, ValueError):
                    continue
            opened = _rescued(old)
        with self._transaction(self._sync):
            for number in sorted(taken):
                self._insert(taken[number].message, number)
            for row in opened:
                self._connection.execute("INSERT OR REPLACE INTO open_events VALUES (?, ?, ?, ?)", row)
        return len(taken)

    def go_on_after(self, number: int) -> None:
        """Give no number twice, also when an earlier file gave it."""
        with self._transaction(self._sync):
            self._connection.execute("DELETE FROM sqlite_sequence WHERE name = 'messages'")
            self._connection.execute("INSERT INTO sqlite_sequence VALUES ('messages', ?)", (number,))

    def _insert(self, message: Message, number: int | None = None) -> int:
        headers = json.dumps([(name, value.decode()) for name, value in message.headers])
        cursor = self._connection.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                message.id,
                message.kind,
                message.lasting,
                message.topic,
                message.key,
                message.value,
                headers,
                message.size,
                time.time(),
            ),
        )
        if message.phase is not None:
            self._note(message.phase, message)
        return cast("int", cursor.lastrowid)

    def _note(self, phase: ObjectPhase, message: Message) -> None:
        """Keep which events have ended, and which have not."""
        if phase.ended_at is None:
            self._connection.execute(
                "INSERT OR REPLACE INTO open_events VALUES (?, ?, ?, ?)",
                (phase.event, message.key.decode(), message.value, phase.seen_at.astimezone(UTC).isoformat()),
            )
            return
        self._connection.execute("DELETE FROM open_events WHERE event = ?", (phase.event,))
        kept = self._connection.execute(
            "INSERT OR REPLACE INTO ended_events (event, ended_at) VALUES (?, ?)",
            (phase.event, phase.ended_at.astimezone(UTC).isoformat()),
        )
        newest = cast("int", kept.lastrowid)
        self._connection.execute("DELETE FROM ended_events WHERE number <= ?", (newest - ENDS_KEPT,))

    def _give_back(self) -> None:
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        if free > FREE_PAGES:
            # As a script: a statement that returns no rows is stepped once only, which is one page.
            self._connection.executescript(f"PRAGMA incremental_vacuum({free - FREE_PAGES})")

    @contextmanager
    def _transaction(self, sync: str) -> Iterator[None]:
        self._connection.execute(f"PRAGMA synchronous={sync}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # After some errors SQLite has rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _queued(row: tuple[int, str, Kind, str, bytes, bytes, str, float]) -> Queued:
    number, id_, kind, topic, key, value, headers, taken_at = row
    made_at = time.monotonic() - (time.time() - taken_at)
    named = tuple((name, text.encode()) for name, text in json.loads(headers))
    return Queued(Message(id_, kind, topic, key, value, named, made_at), number)


def _rescued(old: sqlite3.Connection) -> list[tuple[object, ...]]:
    try:
        return old.execute("SELECT event, camera, value, seen_at FROM open_events ORDER BY event").fetchall()
    except sqlite3.Error:
        return []
