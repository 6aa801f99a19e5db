"""A viewer in a process of its own: says when it watches, and goes on until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio
import httpx
from viewers.whep_viewer import viewer


async def main(url: str, camera: str) -> None:
    async with viewer() as someone, httpx.AsyncClient(base_url=url) as http:
        await someone.join(http, camera)
        await someone.watch(3)
        print("watching", flush=True)
        while True:
            await someone.watch(1)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
