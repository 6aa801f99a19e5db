"""Lets a thread wake a task."""

import asyncio
import contextlib


class Wakeup:
    """An event of the loop it was made in, which any thread may set."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def set(self) -> None:
        # At shutdown a thread that was left behind may outlive the loop.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)

    def clear(self) -> None:
        self._event.clear()

    async def wait(self) -> None:
        await self._event.wait()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()
