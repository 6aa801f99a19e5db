"""One stream of one camera while it is watched: its feed, its boxes, and the work that fills both."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import anyio

from streamer.capture.pairing import NEAR_S, PATIENCE_S
from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.coding import Coded, code_annotated, code_clean, code_pictures
from streamer.webrtc.feed import Feed, Kind, Unit
from streamer.webrtc.fragments import Fragments
from streamer.webrtc.overlay import Overlay, PtsOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamer.capture.broadcast import PacketBroadcast
    from streamer.capture.streams import CameraStreams
    from streamer.frame import Frame
    from streamer.webrtc.results import LiveResults

MOMENTS: Final = 256
"""Units whose times are kept, to find the one that shows a frame's moment: 8 s at 30 a second."""


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
        self.overlay = Overlay(
            streams.name, {"camera": streams.name, "kind": kind, **scene}, self._pts_of(kind)
        )
        self.holders = 0
        self.scope = anyio.CancelScope()
        self._streams = streams
        self._kind = kind
        self._moments: deque[Unit] = deque(maxlen=MOMENTS)
        self._more = anyio.Event()

    async def run(self, results: LiveResults) -> None:
        """Fills feed and overlay until its scope is cancelled, or the stream ends."""
        try:
            with self.scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self.overlay.run, results)
                    await self._fill(results)
                    tasks.cancel_scope.cancel()
        finally:
            self.feed.end()

    async def _fill(self, results: LiveResults) -> None:
        streams = self._streams
        coded = Coded(streams.pictures, self.feed)
        if self._kind == "annotated":
            await code_annotated(coded, streams.name, results, self.overlay.head)
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
                unit = Unit.of(packet)
                self._moments.append(unit)
                self._more.set()
                self.feed.push(unit)

    def _pts_of(self, kind: Kind) -> PtsOf:
        return self._at_its_moment if kind == "main" else _its_own

    async def _at_its_moment(self, frame: Frame) -> int | None:
        """The other stream's picture of the same moment, at most half a picture's time away."""
        with anyio.move_on_after(PATIENCE_S):
            while not (self._moments and _is_later(self._moments[-1], frame)):
                self._more = anyio.Event()
                await self._more.wait()
        captured_at_s = frame.captured_at.timestamp()
        apart_s, pts = min(
            ((_apart_s(frame, captured_at_s, unit), unit.pts) for unit in self._moments),
            default=(math.inf, 0),
        )
        return pts if apart_s <= min(NEAR_S, self._half_a_picture_s()) else None

    def _half_a_picture_s(self) -> float:
        if len(self._moments) < 2:
            return NEAR_S
        span = self._moments[-1].pts - self._moments[0].pts
        return max(span / PTS_CLOCK_HZ / (len(self._moments) - 1) * 0.55, 0.005)


async def _its_own(frame: Frame) -> int:
    return frame.pts


def _is_later(unit: Unit, frame: Frame) -> bool:
    if frame.clock == unit.clock == "camera":
        return unit.captured_at_s >= frame.captured_at.timestamp()
    return unit.arrived_at >= frame.decoded_at


def _apart_s(frame: Frame, captured_at_s: float, unit: Unit) -> float:
    if frame.clock == unit.clock == "camera":
        return abs(captured_at_s - unit.captured_at_s)
    return abs(frame.decoded_at - unit.arrived_at) if unit.arrived_at else math.inf
