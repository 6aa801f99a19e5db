"""Ends while a camera's connection is stuck in libav; run by a test as a process of its own."""

import sys
import threading

import anyio

from streamer.capture.source import open_source
from streamer.capture.state import SourceState
from streamer.config.tree import CameraConfig


class Silent:
    """Hears nothing."""

    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: str) -> None: ...

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None: ...


async def main(port: str) -> None:
    camera = CameraConfig(source=f"rtsp://127.0.0.1:{port}/cam", timeout_s=60)
    async with anyio.create_task_group() as tasks:
        await tasks.start(open_source("camera", camera, Silent()).run)
        await anyio.sleep(0.2)
        tasks.cancel_scope.cancel()
    assert any(thread.name == "capture camera" for thread in threading.enumerate()), "it isn't stuck"
    print("ended")


anyio.run(main, sys.argv[1])
