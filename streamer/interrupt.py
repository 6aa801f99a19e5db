"""SIGINT and SIGTERM end the sources; what is downstream of them then ends by itself, in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

log = logging.getLogger(__name__)

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@asynccontextmanager
async def interruptible() -> AsyncIterator[anyio.CancelScope]:
    """Yields the scope in which the sources have to run: a signal cancels it.

    The handlers change hands without a moment in between: the event loop's own way of hearing signals leaves
    for that moment one that raises KeyboardInterrupt wherever the program is.
    """
    sources, loop = anyio.CancelScope(), asyncio.get_running_loop()

    def heard(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(_cancel, sources, signal.Signals(number).name)

    before = {number: signal.signal(number, heard) for number in SIGNALS}
    try:
        yield sources
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _cancel(sources: anyio.CancelScope, name: str) -> None:
    log.debug("received %s", name)
    sources.cancel()
