"""A process that keeps events until it is killed; run by test_kill.py.

It says on standard output what it handed to the store, a line each, before it is written.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
from keeping import FOREVER, MORNING, event, frame

from streamer.storage.store import EventStore


async def main(data: Path, first: int) -> None:
    store = EventStore(data, FOREVER)
    pictures = [frame(size=(96, 64), seed=seed) for seed in range(4)]
    async with anyio.create_task_group() as tasks:
        recovered = await tasks.start(store.run)
        print("recovered", *sorted(each.id for each in recovered.ended), flush=True)
        for number in range(first, first + 100_000):
            at = MORNING + timedelta(seconds=number)
            first_picture, better = (replace(pictures[k % 4], captured_at=at) for k in (number, number + 1))
            await store.save(first_picture, event(number, "start", at))
            await anyio.sleep(0)
            await store.save(better, event(number, "update", at))
            if number % 3:
                await store.save(None, event(number, "end", at))
            if number % 50 == 49:
                await store.prune(100_000, 300_000)


anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
