"""Some pictures of any sources, evenly over what they show: to learn from, not to watch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import anyio
import numpy as np
from numpy.typing import NDArray

from streamer.capture import address as addresses
from streamer.capture.inputs import Video, expand
from streamer.capture.pictures import PictureFile, read
from streamer.capture.probe import Listener
from streamer.capture.source import Source, kind_of, open_source
from streamer.config.tree import CameraConfig, DetectConfig
from streamer.errors import SourceUnavailable

Image = NDArray[np.uint8]

LIVE_FPS: Final = 2.0
"""Pictures a second of a live camera: more of them show the same again."""
ENDLESS_EVERY: Final = 15
"""Pictures of the simulated street that one is taken of; it never ends."""


async def collected(sources: Sequence[str], limit: int, tell: Callable[[str], None]) -> list[Image]:
    """At most ``limit`` pictures, uint8 HxWx3 BGR, of all sources together.

    Args:
        sources: pictures, folders, globs, videos, addresses.
        limit: shared out evenly.
        tell: hears how far it is.

    Raises:
        ConfigError: a source is none.
        SourceEnded: one cannot be read.
        SourceUnavailable: a camera shows nothing.
    """
    inputs = expand(sources)
    files = [item for item in inputs if isinstance(item, PictureFile)]
    videos = [item for item in inputs if isinstance(item, Video)]
    share = max(1, limit // (len(videos) + bool(files)))
    step = max(1, -(-len(files) // share))
    pictures = [await anyio.to_thread.run_sync(_read, file) for file in files[::step]]
    for video in videos:
        pictures += await _watched(video, share, tell)
    return pictures


def _read(file: PictureFile) -> Image:
    return read(file).image


async def _watched(video: Video, most: int, tell: Callable[[str], None]) -> list[Image]:
    camera = CameraConfig(source=video.source, loop=False, detect=DetectConfig(fps=LIVE_FPS))
    ends = addresses.parse(camera).scheme == "file"
    every = 1 if ends else ENDLESS_EVERY
    listener = Listener()
    source = open_source(video.name, camera, listener, lossless=kind_of(camera).recorded, every=every)
    thinning = Thinning(most)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.run)
        tasks.start_soon(_give_up, listener, tasks.cancel_scope)
        await _take(source, thinning, partial(tell, video.name), ends)
        tasks.cancel_scope.cancel()
    if not thinning.kept:
        raise SourceUnavailable(f"{video.name}: {listener.reason or 'no picture'}")
    return thinning.kept


async def _take(source: Source, thinning: Thinning, tell: Callable[[], None], ends: bool) -> None:
    async for frame in source.frames():
        tell()
        if thinning.wants():
            thinning.take(frame.image)
        if not ends and len(thinning.kept) == thinning.most:
            return


async def _give_up(listener: Listener, scope: anyio.CancelScope) -> None:
    await listener.down.wait()
    scope.cancel()


class Thinning:
    """Keeps so many of a row of unknown length, evenly: with each that is too many, every second one goes.

    Attributes:
        kept: of all that came until now.
    """

    def __init__(self, most: int) -> None:
        """
        Args:
            most: that are kept, at least 1.
        """
        self.most = most
        self.kept: list[Image] = []
        self._every = 1
        self._came = 0

    def wants(self) -> bool:
        """Whether the next one would be kept."""
        wanted = self._came % self._every == 0
        self._came += 1
        return wanted

    def take(self, image: Image) -> None:
        if len(self.kept) == self.most:
            # The newcomer is at a place that stays only where their number is even.
            stays = len(self.kept) % 2 == 0
            self.kept, self._every = self.kept[::2], self._every * 2
            if not stays:
                return
        self.kept.append(image)
