"""A viewer in a process of its own, without HTTP: tells its offer as a line, and reads the answer.

python piped_viewer.py FRAMES [ICE-SERVER AS JSON]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio
from aiortc import RTCIceServer
from viewers.whep_viewer import viewer


async def main(frames: str, server: str = "") -> None:
    async with viewer([RTCIceServer(**json.loads(server))] if server else []) as someone:
        print(json.dumps(await someone.offer()), flush=True)
        await someone.accept(json.loads(await anyio.to_thread.run_sync(sys.stdin.readline)))
        await someone.watch(int(frames))
        print(someone.frames, flush=True)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
