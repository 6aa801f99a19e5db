"""A thread that does a sink's blocking work, behind a bounded queue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import anyio

from streamer.errors import SinkError, SinkUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

FLUSH_S: Final = 1.0


def _nothing() -> None:
    """A sink that has nothing to finish."""


class Outbox(Generic[T]):
    """Hands items to ``handle`` in order, on one thread of its own.

    The first SinkError of ``handle`` ends it: what waits is let go, and the error reaches every later
    ``put`` and ``offer``, and the end of the ``async with`` block. ``finish`` is called once, last, on the
    same thread.

    A ``patient`` outbox is left once everything is out, however long that takes, unless the caller failed or
    is cancelled; otherwise ``FLUSH_S`` have to do. The thread is a daemon: a write that never returns (a full
    pipe that nobody reads) cannot keep the process alive.
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[T], None],
        finish: Callable[[], None] = _nothing,
        *,
        bound: int,
        patient: bool = True,
    ) -> None:
        self._name = name
        self._handle = handle
        self._bound = bound
        self._patient = patient
        self._finish = finish
        self._items: deque[T] = deque()
        self._waiting: list[anyio.Event] = []
        self._changed = Condition()
        self._closing = False
        self._stopped = False
        self._error: SinkError | None = None
        self._done: anyio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._done = anyio.Event()
        Thread(target=self._work, name=self._name, daemon=True).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._done is None:
            return
        try:
            if self._patient and error is None:
                await self._done.wait()
        finally:
            with anyio.move_on_after(FLUSH_S, shield=True) as deadline:
                await self._done.wait()
            if deadline.cancelled_caught:
                log.warning("%s: gave up, %d are not written", self._name, len(self._items) + 1)
        if self._error is not None and error is None:
            raise self._error

    def offer(self, item: T) -> bool:
        """Takes the item if there is room."""
        with self._changed:
            return self._take(item)

    async def put(self, item: T) -> None:
        """Waits for room, then takes the item."""
        while True:
            with self._changed:
                if self._take(item):
                    return
                room = anyio.Event()
                self._waiting.append(room)
            await room.wait()

    def _take(self, item: T) -> bool:
        if self._error is not None:
            raise self._error
        if self._stopped or self._closing:
            raise SinkUnavailable(f"{self._name} has stopped")
        if len(self._items) >= self._bound:
            return False
        self._items.append(item)
        self._changed.notify_all()
        return True

    def _work(self) -> None:
        try:
            self._handle_all()
        except SinkError as error:
            self._error = error
        finally:
            with self._changed:
                self._stopped = True
                self._items.clear()
                self._wake(*self._waiting, self._done)

    def _handle_all(self) -> None:
        try:
            while (item := self._next()) is not None:
                self._handle(item)
        finally:
            self._finish()

    def _next(self) -> T | None:
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closing)
            if not self._items:
                return None
            self._wake(*self._waiting)
            self._waiting.clear()
            return self._items.popleft()

    def _wake(self, *events: anyio.Event | None) -> None:
        # The loop is gone when a write outlived the process's deadline; nobody waits any more.
        with suppress(RuntimeError):
            for event in events:
                if event is not None and self._loop is not None:
                    self._loop.call_soon_threadsafe(event.set)
