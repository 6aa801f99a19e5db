"""Watches a camera with two streams as the service does, and lets a test wait for what it sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from streamer.capture.mainstream import MainStream
from streamer.capture.state import MainState, SourceState
from streamer.capture.streams import CameraStreams, open_streams
from streamer.config.tree import CameraConfig, DetectConfig, StreamsConfig
from streamer.frame import Frame

PATIENCE_S = 20.0
LOOK_S = 0.02


class Watcher:
    """Everything that one camera showed and said; also its observer."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.states: list[SourceState] = []
        self.main_states: list[MainState] = []
        self.streams: CameraStreams

    @property
    def main(self) -> MainStream:
        assert self.streams.main is not None
        return self.streams.main

    @property
    def main_state(self) -> str:
        return self.main_states[-1].state

    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: str) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None:
        self.states.append(state)

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def main_changed(self, camera: str, state: MainState) -> None:
        self.main_states.append(state)

    async def watch(self) -> None:
        async for frame in self.streams.frames():
            self.frames.append(frame)

    async def more(self, number: int) -> None:
        """Waits for ``number`` more frames."""
        wanted = len(self.frames) + number
        await until(lambda: len(self.frames) >= wanted)


async def until(holds: Callable[[], bool]) -> None:
    """Looks again and again until it is so."""
    with anyio.fail_after(PATIENCE_S):
        while not holds():
            await anyio.sleep(LOOK_S)


def two(main: str, sub: str, *, fps: float = 0, **options: object) -> CameraConfig:
    """A camera with two streams, and every frame due unless ``fps`` says otherwise."""
    streams = StreamsConfig(main=main, sub=sub)
    return CameraConfig(source=streams, detect=DetectConfig(fps=fps), **options)  # type: ignore[arg-type]


@asynccontextmanager
async def watching(camera: CameraConfig, *, linger_s: float = 0.3) -> AsyncIterator[Watcher]:
    """Runs both streams and looks at the frames until the block ends."""
    watcher = Watcher()
    watcher.streams = open_streams("gate", camera, watcher, linger_s=linger_s)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watcher.watch)
        await tasks.start(watcher.streams.run)
        yield watcher
        tasks.cancel_scope.cancel()
