"""A thread of its own for blocking work that a task waits for."""

import threading
from collections.abc import Callable
from typing import Final

import anyio

from streamer.capture.wakeup import Wakeup

GRACE_S: Final = 2.0
WATCH_S: Final = 1.0


class StuckError(Exception):
    """The work didn't come back from a library call."""


class BlockingWork:
    """Blocking work in a daemon thread, so that what is stuck can be left behind.

    Args:
        body: the work.
        stop: asks ``body`` to return soon; called from the event loop.
        overdue: whether ``body`` should have been heard of; looked at every second.
        name: of the thread.
    """

    def __init__(
        self, body: Callable[[], None], stop: Callable[[], None], overdue: Callable[[], bool], name: str
    ) -> None:
        self._body = body
        self._stop = stop
        self._overdue = overdue
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._done = Wakeup()
        self._error: BaseException | None = None

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    async def run(self) -> None:
        """Runs the body; its error is raised here.

        On cancellation it is stopped, and left behind after a grace time.

        Raises:
            StuckError: it is overdue; it was told to stop, and is left behind.
        """
        self._thread.start()
        try:
            while not await self._ended_within(WATCH_S):
                if self._overdue():
                    self._stop()
                    raise StuckError
        except anyio.get_cancelled_exc_class():
            self._stop()
            with anyio.CancelScope(shield=True):
                await self._ended_within(GRACE_S)
            raise
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                # Its traceback holds the connection and this frame: a circle that waits for the collector.
                del error

    async def _ended_within(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._done.wait()
        if self._done.is_set:
            # Its last word is said: this only waits for the thread to be gone.
            self._thread.join()
        return self._done.is_set

    def _work(self) -> None:
        try:
            self._body()
        except BaseException as error:  # noqa: BLE001 - carried over to the task that waits
            self._error = error
        finally:
            self._done.set()
