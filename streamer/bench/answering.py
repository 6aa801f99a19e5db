"""The other end of a contestant: answers every amount that it reads with what it measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from anyio import to_thread

from streamer.bench.contestant import READY

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def answer(measure: Callable[[float], DataclassInstance]) -> None:
    """Until standard input ends."""
    print(READY, flush=True)
    for line in sys.stdin:
        print(json.dumps(asdict(measure(float(line)))), flush=True)


async def answer_async(measure: Callable[[float], Awaitable[DataclassInstance]]) -> None:
    """The same for what runs on an event loop."""
    print(READY, flush=True)
    while line := await to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
        print(json.dumps(asdict(await measure(float(line)))), flush=True)
