"""A process that writes records until it is killed: ``writing.py TARGET lossless|live COUNT``."""

import itertools
import sys
from collections import Counter

import anyio
from results import BUS, PERSON, event, frame, tracks

from streamer.errors import SinkError
from streamer.publish.jsonl import JsonLinesSink, json_lines


class Losses(Counter):
    def lost(self, sink: str, reason: str) -> None:
        self[f"{sink} {reason}"] += 1


async def write(target: str, lossless: bool, count: int) -> None:
    losses = Losses()
    found = tracks(*[PERSON, BUS] * 5)
    async with json_lines(target, lossless=lossless, observer=losses) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        print("open", file=sys.stderr, flush=True)
        for sequence in range(count) if count else itertools.count():
            await sink.publish(frame(sequence), found, [event()] if sequence % 5 == 0 else [])
            if not lossless:
                await anyio.sleep(0)
    print(dict(losses), file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        anyio.run(write, sys.argv[1], sys.argv[2] == "lossless", int(sys.argv[3]))
    except SinkError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
