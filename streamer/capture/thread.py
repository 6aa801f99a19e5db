"""A thread of its own for blocking work that a task waits for."""

import asyncio
import threading
from collections.abc import Callable
from typing import Final

import anyio

GRACE_S: Final = 3.0


async def run_in_thread(body: Callable[[], None], stop: threading.Event, name: str) -> None:
    """Runs ``body`` and waits for it; its error is raised here.

    On cancellation ``stop`` is set, which ``body`` obeys. A body stuck in a library call is left behind
    after a grace time: the thread is a daemon, so that it can't hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    errors: list[BaseException] = []

    def target() -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - carried over to the task that waits
            errors.append(error)
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=target, name=name, daemon=True).start()
    try:
        await done.wait()
    finally:
        if not done.is_set():
            stop.set()
            with anyio.move_on_after(GRACE_S, shield=True):
                await done.wait()
    if errors:
        raise errors[0]
