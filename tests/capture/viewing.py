"""Watches a source as the pipeline does, and lets a test wait for what it sees."""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from streamer.capture.source import Source, open_source
from streamer.capture.state import SourceState
from streamer.config.tree import CameraConfig, DetectConfig
from streamer.frame import Frame

PATIENCE_S = 20.0


@dataclass(eq=False)
class Viewer:
    """Everything that one camera showed and said; also its observer."""

    frames: list[Frame] = field(default_factory=list)
    states: list[SourceState] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    over: bool = False
    total: int | None = None
    offset_s: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def received(self, camera: str) -> None:
        self._count("received")

    def dropped(self, camera: str, reason: str) -> None:
        self._count(reason)

    def clocked(self, camera: str, offset_s: float) -> None:
        self.offset_s = offset_s

    def changed(self, camera: str, state: SourceState) -> None:
        self.states.append(state)
        self._loop.call_soon_threadsafe(self._changed.set)

    @property
    def state(self) -> str:
        return self.states[-1].state

    @property
    def reasons(self) -> list[str]:
        return [state.reason for state in self.states if state.reason]

    async def until(self, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Waits until ``holds()``; looked at whenever something happened."""
        with anyio.fail_after(patience_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def more(self, number: int) -> None:
        """Waits for ``number`` more frames."""
        wanted = len(self.frames) + number
        await self.until(lambda: len(self.frames) >= wanted)

    async def until_state(self, state: str, patience_s: float = PATIENCE_S) -> None:
        await self.until(lambda: bool(self.states) and self.state == state, patience_s)

    async def watch(self, source: Source) -> None:
        async for frame in source.frames():
            self.frames.append(frame)
            self.total = source.frames_total()
            self._changed.set()
        self.over = True
        self._changed.set()

    def _count(self, what: str) -> None:
        with self._lock:
            self.count[what] += 1


def camera(source: str, *, fps: float = 0, **options: object) -> CameraConfig:
    """A camera with every frame due, unless ``fps`` says otherwise."""
    return CameraConfig(source=source, detect=DetectConfig(fps=fps), **options)  # type: ignore[arg-type]


@asynccontextmanager
async def viewing(config: CameraConfig, name: str = "camera", **how: object) -> AsyncIterator[Viewer]:
    """Runs a source and looks at its frames until the block ends."""
    viewer = Viewer()
    source = open_source(name, config, viewer, **how)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(viewer.watch, source)
        await tasks.start(source.run)
        yield viewer
        tasks.cancel_scope.cancel()


def rises(frames: list[Frame]) -> bool:
    """Whether pts and sequence rise strictly, and each image has the shape it says."""
    return all(a.pts < b.pts and a.sequence < b.sequence for a, b in itertools.pairwise(frames))
