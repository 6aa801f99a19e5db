"""What waits for the brokers, on disk, within its limit."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from streamer.errors import SinkUnavailable
from streamer.kafka.delivery.spoolfile import SIDE_FILES, OpenEvent, SpoolFile

if TYPE_CHECKING:
    from streamer.config.bus import SpoolConfig
    from streamer.kafka.message import Message, Queued

log = logging.getLogger(__name__)

T = TypeVar("T")

FILE: Final = "spool.db"
REFUSED: Final = "refused.jsonl"
EMPTIED: Final = 0.9
BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What waits on disk.

    Attributes:
        count: messages.
        size: their bytes.
        age_s: of the oldest one; 0 where there is none.
        full: they reached the limit, and have not fallen below nine tenths of it since.
        set_aside: broken files that were put aside since the start.
    """

    count: int
    size: int
    age_s: float
    full: bool
    set_aside: int


class Spool:
    """A bounded queue of messages that survives the process; blocking, from any thread.

    From the limit on the oldest detections and frames are left out for new messages, while events are taken
    until the disk is full. A file that is broken is put aside under another name, and what can still be read
    of it goes on.
    """

    def __init__(self, folder: Path, config: SpoolConfig) -> None:
        """
        Args:
            folder: where the file is.
            config: its limit.
        """
        self._path = folder / FILE
        self._config = config
        self._lock = Lock()
        self._file: SpoolFile | None = None
        self._count = self._size = self._last = 0
        self._set_aside = 0
        self._closed = self._full = False

    @property
    def path(self) -> Path:
        return self._path

    def open(self) -> int:
        """Make or open the file, mend it where it is broken, and say how many messages wait in it.

        Raises:
            SinkUnavailable: there is no room, or no right to it.
        """
        with self._lock:
            self._guarded(lambda file: file.check())
            self._take_stock()
            return self._count

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
            self._file = None

    @property
    def state(self) -> SpoolState:
        with self._lock:
            try:
                oldest_at = self._guarded(lambda file: file.oldest_at()) if self._count else None
            except SinkUnavailable:
                oldest_at = None
            age_s = 0.0 if oldest_at is None else max(0.0, time.time() - oldest_at)
            self._full = self._full and self._size >= EMPTIED * self._config.bytes
            return SpoolState(self._count, self._size, age_s, self._full, self._set_aside)

    def append(self, messages: Sequence[Message]) -> list[Queued]:
        """Take messages, all or none; they are on disk when it returns.

        Raises:
            SinkUnavailable: the disk is full.
        """
        with self._lock:
            taken = self._guarded(lambda file: file.append(messages))
            self._count += len(taken)
            self._size += sum(message.size for message in messages)
            self._last = max(self._last, *(each.number or 0 for each in taken)) if taken else self._last
            return taken

    def read(self, after: int, count: int) -> list[Queued]:
        """The first messages whose numbers are greater than ``after``."""
        with self._lock:
            return self._guarded(lambda file: file.read(after, count))

    def remove(self, delivered: Sequence[Queued]) -> None:
        """Forget what was delivered.

        Raises:
            SinkUnavailable: the disk is full; they stay, and may be delivered again.
        """
        numbers = [each.number for each in delivered if each.number is not None]
        with self._lock:
            set_aside = self._set_aside
            self._guarded(lambda file: file.remove(numbers))
            if self._set_aside == set_aside:
                self._count -= len(numbers)
                self._size -= sum(each.message.size for each in delivered if each.number is not None)
            else:
                self._take_stock()

    def trim(self, after: int) -> Counter[str]:
        """Leave out the oldest detections and frames above the limit.

        Args:
            after: messages up to this number are on their way already.

        Returns:
            How many were left out, by topic.
        """
        with self._lock:
            above = self._size - self._config.bytes
            if above <= 0:
                return Counter()
            self._full = True
            chosen = self._guarded(lambda file: file.passing(after, above))
            self._guarded(lambda file: file.remove(number for number, _, _ in chosen))
            self._count -= len(chosen)
            self._size -= sum(size for _, size, _ in chosen)
            return Counter(topic for _, _, topic in chosen)

    def unended(self) -> tuple[OpenEvent, ...]:
        """The objects' events whose ends were not told yet."""
        with self._lock:
            return self._guarded(lambda file: file.unended())

    def ended(self) -> dict[str, datetime]:
        """When the objects' events ended whose ends were told last, UTC."""
        with self._lock:
            return self._guarded(lambda file: file.ended())

    def keep_aside(self, message: Message, reason: str) -> None:
        """Write down an event that the brokers will never take, for a person to read."""
        record = {
            "topic": message.topic,
            "camera": message.key.decode(),
            "id": message.id,
            "reason": reason,
            "value": message.value.decode(errors="replace"),
        }
        path = self._path.with_name(REFUSED)
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            log.error("cannot write %s: %s; it was %s", path, error.strerror, record)  # noqa: TRY400

    def _guarded(self, work: Callable[[SpoolFile], T]) -> T:
        """Work on the file; once more on a new one where it turns out to be broken."""
        try:
            try:
                return work(self._opened())
            except sqlite3.Error as error:
                if not _is_broken(error):
                    raise
                self._replace(_one_line(error))
                return work(self._opened())
        except sqlite3.Error as error:
            raise SinkUnavailable(f"kafka spool {self._path}: {_one_line(error)}") from error
        except FileExistsError:
            raise SinkUnavailable(f"{self._path.parent}: expected a folder, received a file") from None
        except OSError as error:
            raise SinkUnavailable(f"kafka spool {self._path}: {error.strerror}") from error

    def _opened(self) -> SpoolFile:
        if self._closed:
            raise SinkUnavailable(f"kafka spool {self._path}: closed")
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = SpoolFile(self._path, sync=self._config.sync)
        return self._file

    def _replace(self, reason: str) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        aside = self._path.with_name(f"{FILE}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
        for suffix in SIDE_FILES:
            part = self._path.with_name(FILE + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        self._set_aside += 1
        file = self._opened()
        rescued = file.adopt(aside)
        file.go_on_after(max(self._last, file.contents().last))
        self._take_stock()
        log.error(
            "kafka spool %s is broken (%s): kept as %s, %d messages of it go on",
            self._path,
            reason,
            aside.name,
            rescued,
        )

    def _take_stock(self) -> None:
        contents = self._opened().contents()
        self._count, self._size = contents.count, contents.size
        self._last = max(self._last, contents.last)


def _one_line(error: sqlite3.Error) -> str:
    return " ".join(str(error).split())


def _is_broken(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    # A failed check has no code; of the others the lowest byte is the primary one.
    return (code & 0xFF) in BROKEN if code is not None else type(error) is sqlite3.DatabaseError
