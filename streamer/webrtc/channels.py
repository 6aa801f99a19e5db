"""The streams that are watched: each made ready for its first viewer, and let go a while after its last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anyio

from streamer.webrtc.channel import Channel

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from streamer.capture.streams import CameraStreams
    from streamer.webrtc.feed import Kind
    from streamer.webrtc.results import LiveResults

log = logging.getLogger(__name__)

LINGER_S: Final = 5.0
"""An encoder goes on for so long without viewers: a page that is loaded anew finds it warm."""


class Channels:
    """One for each camera and kind of stream that is watched."""

    def __init__(self, scenes: Mapping[str, Mapping[str, Any]], results: LiveResults, bitrate: int) -> None:
        """
        Args:
            scenes: zones and lines of each camera, by name; see ``Overlay``.
            results: what is found.
            bitrate: what a stream that is coded here may take, bits per second.
        """
        self._scenes = scenes
        self._results = results
        self._bitrate = bitrate
        self._channels: dict[tuple[str, Kind], Channel] = {}

    def take(self, streams: CameraStreams, kind: Kind, tasks: TaskGroup) -> Channel:
        """The channel of a stream, which has to be released; it is filled in ``tasks``."""
        key = (streams.name, kind)
        channel = self._channels.get(key)
        if channel is None:
            channel = Channel(streams, kind, self._bitrate, self._scenes.get(streams.name, {}))
            self._channels[key] = channel
            tasks.start_soon(self._fill, streams.name, channel)
        channel.holders += 1
        return channel

    def release(self, channel: Channel, tasks: TaskGroup) -> None:
        """One who took it needs it no more."""
        channel.holders -= 1
        if channel.holders == 0:
            tasks.start_soon(self._end_unused, channel)

    def end(self, camera: str) -> None:
        """All who watch the camera are at the end of it."""
        for channel in self._of(camera):
            self._forget(channel)
            channel.scope.cancel()

    def rearrange(self, camera: str) -> None:
        """All who watch the camera hear of its zones and lines, which have changed."""
        for channel in self._of(camera):
            channel.overlay.rearrange(self._scenes.get(camera, {}))

    def _of(self, camera: str) -> list[Channel]:
        return [channel for (name, _), channel in self._channels.items() if name == camera]

    async def _fill(self, camera: str, channel: Channel) -> None:
        try:
            await channel.run(self._results)
        except Exception:
            log.exception("%s: its pictures cannot be shown", camera)
        finally:
            self._forget(channel)

    async def _end_unused(self, channel: Channel) -> None:
        await anyio.sleep(LINGER_S)
        if channel.holders == 0:
            self._forget(channel)
            channel.scope.cancel()

    def _forget(self, channel: Channel) -> None:
        """Nobody is given it any more."""
        self._channels = {key: each for key, each in self._channels.items() if each is not channel}
