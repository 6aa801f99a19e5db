"""One stream of one camera while it is watched: its feed, its boxes, and the work that fills both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio

from streamer.webrtc.coding import Coded, code_annotated, code_annotated_main, code_clean, code_pictures
from streamer.webrtc.feed import Feed, Kind, Unit
from streamer.webrtc.fragments import Fragments
from streamer.webrtc.moments import Moment, Moments
from streamer.webrtc.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamer.capture.broadcast import PacketBroadcast
    from streamer.capture.streams import CameraStreams
    from streamer.frame import Frame
    from streamer.webrtc.results import LiveResults

OF_THE_LARGER: Final = frozenset({"main", "annotated_main"})


class Channel:
    """A watched stream.

    Attributes:
        feed: its coded pictures.
        fragments: the same for players of fragmented MP4.
        overlay: what is found in them.
        holders: viewers and others that need it.
    """

    def __init__(self, streams: CameraStreams, kind: Kind, bitrate: int, scene: Mapping[str, Any]) -> None:
        self.feed = Feed(bitrate)
        self.fragments = Fragments(self.feed)
        self._moments = Moments()
        moment_of = self._moments.of if kind in OF_THE_LARGER else _its_own
        self.overlay = Overlay(streams.name, {"camera": streams.name, "kind": kind, **scene}, moment_of)
        self.holders = 0
        self.scope = anyio.CancelScope()
        self._streams = streams
        self._kind = kind

    async def run(self, results: LiveResults) -> None:
        """Fills feed and overlay until its scope is cancelled, or the stream ends."""
        try:
            with self.scope, self.feed.heard_by(self._moments):
                await self._run(results)
        finally:
            self.feed.end()

    async def _run(self, results: LiveResults) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.overlay.run, results)
            await self._fill(results)
            tasks.cancel_scope.cancel()

    async def _fill(self, results: LiveResults) -> None:
        streams = self._streams
        coded = Coded(streams.pictures, self.feed)
        if self._kind == "annotated":
            await code_annotated(coded, streams.name, results, self.overlay.head)
        elif self._kind == "annotated_main":
            assert streams.main is not None, "no larger stream without two"
            async with streams.viewing():
                larger = Coded(streams.main.shown, self.feed)
                await code_annotated_main(larger, streams.name, results, self.overlay.head)
        elif self._kind == "pictures":
            await code_pictures(coded, streams.name, results, self.overlay.head)
        elif self._kind == "encoded":
            await code_clean(coded)
        elif self._kind == "main":
            assert streams.packets is not None, "no main without packets"
            async with streams.viewing():
                await self._pass_on(streams.packets)
        else:
            assert streams.detected is not None, "no sub without packets"
            await self._pass_on(streams.detected)

    async def _pass_on(self, packets: PacketBroadcast) -> None:
        """Until the camera sends something else than H.264."""
        async with packets.subscribe(from_keyframe=True) as subscription:
            async for packet in subscription:
                if packets.codec != "h264" or packets.reordered:
                    return
                self.feed.push(Unit.of(packet))


async def _its_own(frame: Frame) -> Moment:
    return Moment(frame.pts, frame.decoded_at)
