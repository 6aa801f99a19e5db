"""Hands items from a decode thread to the event loop, bounded."""

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """A bounded queue from one thread to one task."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._taker: _Taker | None = None

    def put(self, item: T, *, patient: bool) -> bool:
        """Called by the thread. Where it is full, waits (``patient``) or takes the oldest item's place.

        Returns:
            Whether an older item lost its place.
        """
        with self._changed:
            if patient:
                self._changed.wait_for(lambda: len(self._items) < self._limit or self._closed)
            if self._closed:
                return False
            replaced = len(self._items) >= self._limit
            if replaced:
                self._items.popleft()
            self._items.append(item)
            self._wake()
            return replaced

    def close(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._wake()

    @property
    def awaited(self) -> bool:
        """Whether the task waits, so that the next item is taken at once."""
        return self._taker is not None

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
                taker = self._taker = _Taker()
            await taker.woken.wait()

    def _wake(self) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.wake()


class _Taker:
    """A task that waits for an item."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        # The loop of a thread that was left behind at shutdown may be closed.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.woken.set)
