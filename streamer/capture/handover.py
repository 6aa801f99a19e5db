"""Hands items from a decode thread to the event loop, bounded."""

import threading
from collections import deque
from typing import Generic, TypeVar

from streamer.capture.wakeup import Wakeup

T = TypeVar("T")


class Handover(Generic[T]):
    """A bounded queue from one thread to one task."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._taker: Wakeup | None = None

    def put(self, item: T, *, wait_until: threading.Event | None) -> bool:
        """Called by the thread. Where it is full, waits for room, or takes the oldest item's place (None).

        Args:
            item: what is handed over; lost when the queue is closed.
            wait_until: ends the wait when it is set and ``interrupt`` is called.

        Returns:
            Whether an older item lost its place.
        """
        with self._changed:
            if wait_until is not None:
                self._changed.wait_for(lambda: self._room() or self._closed or wait_until.is_set())
            if self._closed or (wait_until is not None and wait_until.is_set()):
                return False
            replaced = not self._room()
            if replaced:
                self._items.popleft()
            self._items.append(item)
            self._wake()
            return replaced

    def interrupt(self) -> None:
        """A ``put`` that waits looks whether it still should."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._wake()

    async def take(self) -> T | None:
        """The next item; None at the end."""
        while True:
            with self._changed:
                if self._items:
                    item = self._items.popleft()
                    self._changed.notify_all()
                    return item
                if self._closed:
                    return None
                taker = self._taker = Wakeup()
            await taker.wait()

    def _room(self) -> bool:
        return len(self._items) < self._limit

    def _wake(self) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.set()
