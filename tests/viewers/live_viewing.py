"""Cameras with their viewers, in this process: what the service runs, without its pages."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import numpy as np
from aiortc.mediastreams import MediaStreamError
from supervision import Detections
from viewers.receiver import Receiver, newcomer

from streamer.capture.streams import CameraStreams, open_streams
from streamer.config.tree import CameraConfig, DetectConfig, StreamsConfig, WebRtcConfig
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.tracking.tracks import Tracks
from streamer.webrtc.choice import Wish
from streamer.webrtc.guest import Guest
from streamer.webrtc.results import LiveResults
from streamer.webrtc.session import Session
from streamer.webrtc.viewers import Viewers

PATIENCE_S: Final = 30.0
LOOK_S: Final = 0.01
CAMERA: Final = "gate"
ANYTHING: Final = Wish()
WELCOME: Final = Guest("127.0.0.1", anyio.sleep_forever)
"""Nobody asks whether this one is still let in."""
BASELINE, HIGH = "42001f", "64001f"


def camera(main: str, sub: str | None = None, *, fps: float = 0) -> CameraConfig:
    """One that plays like a camera, every picture looked at unless ``fps`` says otherwise."""
    source = main if sub is None else StreamsConfig(main=main, sub=sub)
    return CameraConfig(source=source, loop=True, timeout_s=5, detect=DetectConfig(fps=fps))


async def until(holds: Callable[[], bool]) -> None:
    """Looks again and again until it is so."""
    with anyio.fail_after(PATIENCE_S):
        while not holds():
            await anyio.sleep(LOOK_S)


@dataclass(eq=False)
class OnAir:
    """A camera that runs; also its observer.

    Attributes:
        streams: the camera.
        viewers: who watches it.
        frames: how many pictures were looked at.
        latest: the latest one.
    """

    streams: CameraStreams
    viewers: Viewers
    results: LiveResults
    frames: int = 0
    latest: Frame | None = None

    async def more(self, frames: int) -> None:
        wanted = self.frames + frames
        await until(lambda: self.frames >= wanted)

    async def look(self) -> None:
        """Finds nothing, in every picture."""
        async for frame in self.streams.frames():
            self.frames, self.latest = self.frames + 1, frame
            nothing = Detections.empty()
            nothing.data["class_name"] = np.array([], str)
            await self.results.publish(frame, Tracks(frame.time_s, nothing, ()), ())


@asynccontextmanager
async def on_air(config: CameraConfig, scene: Mapping[str, Any] | None = None) -> AsyncIterator[OnAir]:
    """Runs a camera and looks at its pictures until the block ends."""
    metrics, results = Metrics(Status([]), [CAMERA]), LiveResults()
    streams = open_streams(CAMERA, config, metrics, linger_s=0.3)
    viewers = Viewers({CAMERA: streams}, {CAMERA: dict(scene or {})}, results, WebRtcConfig(), metrics)
    running = OnAir(streams, viewers, results)
    async with anyio.create_task_group() as tasks:
        await tasks.start(viewers.run)
        tasks.start_soon(running.look)
        await tasks.start(streams.run)
        await until(lambda: running.frames > 0)
        yield running
        tasks.cancel_scope.cancel()


@dataclass(eq=False)
class Client(Receiver):
    """A viewer's connection, from outside.

    Attributes:
        sizes: of the pictures that were seen, in their order, each once.
        times: of the pictures that were seen, ticks of 90 kHz since the first one.
        session: its other end.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    session: Session | None = None

    @property
    def kind(self) -> str:
        assert self.session is not None
        return self.session.watching.kind

    @property
    def boxes(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "boxes"]

    async def join(self, running: OnAir, wish: Wish = ANYTHING, profile: str = HIGH) -> None:
        """Offers H.264, of the baseline profile and one more."""
        offer = (await self.offer()).replace(BASELINE, profile)
        self.session, answer = await running.viewers.open(CAMERA, offer, wish, WELCOME)
        await self.accept(answer)

    async def watch(self, pictures: int) -> list[Any]:
        """The next so many pictures."""
        track, seen = self.track, []
        with anyio.fail_after(PATIENCE_S):
            for _ in range(pictures):
                picture = await track.recv()
                seen.append(picture)
                self.times.append(picture.pts)
                size = picture.width, picture.height
                self.sizes += [size] if self.sizes[-1:] != [size] else []
        assert all(a < b for a, b in itertools.pairwise(self.times))
        return seen

    async def watch_to_the_end(self) -> None:
        """Until nothing comes any more."""
        try:
            while True:
                await self.watch(1)
        except MediaStreamError:
            return


def client() -> AbstractAsyncContextManager[Client]:
    """A viewer who has not come yet."""
    return newcomer(Client)
