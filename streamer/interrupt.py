"""SIGINT and SIGTERM end the sources; what is downstream of them then ends by itself, in order."""

from __future__ import annotations

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
    """Yields the scope in which the sources have to run: a signal cancels it."""
    sources = anyio.CancelScope()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_on_signal, sources)
        yield sources
        tasks.cancel_scope.cancel()
    # The event loop leaves the system's own, which kill the process.
    for number, handler in before.items():
        signal.signal(number, handler)


async def _cancel_on_signal(sources: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(*SIGNALS) as signals:
        async for number in signals:
            log.debug("received %s", number.name)
            sources.cancel()
