"""What waits to be sent: in memory while that has room, on disk from then on, in one order."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Final, Protocol

from streamer.kafka.message import Message, Queued

MOST_IN_MEMORY: Final = 2000
MOST_BYTES_IN_MEMORY: Final = 16 * 2**20


class Disk(Protocol):
    """Where the rest waits, by rising numbers."""

    def read(self, after: int, count: int) -> list[Queued]: ...


@dataclass(frozen=True, slots=True)
class Room:
    """How much waits in memory at most."""

    count: int = MOST_IN_MEMORY
    size: int = MOST_BYTES_IN_MEMORY


class Backlog:
    """A queue with two parts: what is in memory goes first, what is only on disk follows.

    While there is room in memory, and brokers answer, everything that is taken is put there, whether it is on
    disk or not. Otherwise whatever comes has to be on disk, until the disk was read to its end; so the order
    in which messages came is the order in which they go. Safe between the event loop, which fills it, and
    the sender's thread, which empties it.
    """

    def __init__(self, disk: Disk, room: Room = Room()) -> None:
        self._disk = disk
        self._room = room
        self._memory: deque[Queued] = deque()
        self._size = 0
        self._number = 0
        self._on_disk = self._away = False
        self._more_on_disk = False
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        """Messages in memory."""
        return len(self._memory)

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._memory) or self._on_disk

    @property
    def handed_out(self) -> int:
        """Up to this number the messages on disk were put in memory, or handed out."""
        return self._number

    def resume(self) -> None:
        """Begin with what an earlier process left on disk."""
        with self._changed:
            self._on_disk = True
            self._changed.notify()

    def brokers_away(self, away: bool) -> None:
        """While they are, nothing more is taken into memory, which a kill would cost."""
        self._away = away

    def offer(self, message: Message) -> bool:
        """Take a message that need not be on disk; False when it has to be put there."""
        with self._changed:
            if self._on_disk or self._away or not self._fits(message):
                return False
            self._put(Queued(message))
            return True

    def stored(self, queued: Sequence[Queued]) -> None:
        """Take messages that are on disk now, in the order of their numbers."""
        with self._changed:
            for each in queued:
                number = each.number or 0
                if number <= self._number:
                    # Read from the disk meanwhile.
                    continue
                if self._on_disk or self._away or not self._fits(each.message):
                    self._on_disk = self._more_on_disk = True
                    self._changed.notify()
                    return
                self._number = number
                self._put(each)

    def take(self, count: int, timeout_s: float) -> list[Queued]:
        """The next messages, at most ``count``; none when none came in time, or once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._memory or self._on_disk or self._closed, timeout_s)
            if self._closed:
                return []
            if self._memory:
                return [self._pop() for _ in range(min(count, len(self._memory)))]
            if not self._on_disk:
                return []
            self._more_on_disk = False
        return self._read(count)

    def _read(self, count: int) -> list[Queued]:
        """The next from the disk, and whether that was its end."""
        found = self._disk.read(self._number, count)
        with self._changed:
            if found:
                self._number = found[-1].number or 0
            elif not self._more_on_disk:
                self._on_disk = False
        return found

    def close(self) -> list[Message]:
        """Hand out nothing more; what is left only in memory."""
        with self._changed:
            self._closed = True
            left = [each.message for each in self._memory if each.number is None]
            self._memory.clear()
            self._changed.notify_all()
            return left

    def _fits(self, message: Message) -> bool:
        return len(self._memory) < self._room.count and self._size + message.size <= self._room.size

    def _put(self, queued: Queued) -> None:
        self._memory.append(queued)
        self._size += queued.message.size
        self._changed.notify()

    def _pop(self) -> Queued:
        queued = self._memory.popleft()
        self._size -= queued.message.size
        return queued
