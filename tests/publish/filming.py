"""A process that writes a video until SIGTERM, or until it is killed: ``filming.py FILE``."""

import itertools
import signal
import sys

import anyio
import numpy as np
from results import PERSON, frame, tracks

from streamer.publish.drawing import Drawing
from streamer.publish.video import VideoFile


async def film(path: str) -> None:
    async with anyio.create_task_group() as tasks, Drawing(VideoFile(path)) as video:
        tasks.start_soon(publish, video)
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                tasks.cancel_scope.cancel()


async def publish(video: Drawing) -> None:
    for sequence in itertools.count():
        each = frame(sequence)
        each.image[:] = np.roll(np.arange(320, dtype=np.uint8), sequence)[None, :, None]
        await video.publish(each, tracks(PERSON), [])
        print(sequence, flush=True)
        await anyio.sleep(0)


if __name__ == "__main__":
    anyio.run(film, sys.argv[1])
