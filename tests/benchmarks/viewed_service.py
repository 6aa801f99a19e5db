"""The service in a process of its own, which tells how late its event loop is: a part of viewers.py.

python tests/benchmarks/viewed_service.py CONFIGURATION_AS_JSON

Prints its address; answers each line of standard input with 99th percentiles since the line before: of the
milliseconds that it was late, and of those of them that it worked itself. Ends with its input.
"""

import json
import logging
import sys
import time
from pathlib import Path

import anyio
from anyio import to_thread

sys.path[:0] = [str(Path(__file__).parent.parent.parent)]

from streamer.app import App  # noqa: E402
from streamer.config.settings import Settings  # noqa: E402
from streamer.metrics.window import quantile  # noqa: E402

EVERY_S = 0.005


class Lag:
    """How much later than it asked a task goes on."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []
        self._own_ms: list[float] = []

    async def watch(self) -> None:
        while True:
            due, worked_s = time.monotonic() + EVERY_S, time.thread_time()
            await anyio.sleep(EVERY_S)
            late_ms = 1000 * (time.monotonic() - due)
            self._late_ms.append(late_ms)
            # The rest of it other threads and programs had the processor.
            self._own_ms.append(min(late_ms, 1000 * (time.thread_time() - worked_s)))

    def p99_ms(self) -> tuple[float, float]:
        """Late, and by its own work; of what came since it was asked last."""
        late_ms, own_ms = sorted(self._late_ms), sorted(self._own_ms)
        self._late_ms, self._own_ms = [], []
        return quantile(late_ms, 0.99) or 0.0, quantile(own_ms, 0.99) or 0.0


async def serve(app: App) -> None:
    lag = Lag()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.run)
        while not app.status.is_ready:
            await anyio.sleep(0.05)
        print(app.url, flush=True)
        tasks.start_soon(lag.watch)
        while await to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            print("{:.2f} {:.2f}".format(*lag.p99_ms()), flush=True)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    anyio.run(serve, App(Settings.of(json.loads(sys.argv[1]))))
