"""When a moment that one stream shows is shown in another one of the same camera."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.pairing import NEAR_S, PATIENCE_S
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.webrtc.feed import Unit

UNITS: Final = 256
"""Whose times are kept, to find the one that shows a frame's moment: 8 s at 30 a second."""


class Moments:
    """Of the units of a feed, which they are heard by."""

    def __init__(self) -> None:
        self._units: deque[Unit] = deque(maxlen=UNITS)
        self._more = anyio.Event()

    def offer(self, unit: Unit) -> None:
        """Called by the feed."""
        self._units.append(unit)
        self._more.set()

    def end(self) -> None:
        """Called by the feed."""

    async def pts_of(self, frame: Frame) -> int | None:
        """That of the unit of the same moment, half a picture away at most; it may still have to come."""
        with anyio.move_on_after(PATIENCE_S):
            while not (self._units and _is_later(self._units[-1], frame)):
                self._more = anyio.Event()
                await self._more.wait()
        captured_at_s = frame.captured_at.timestamp()
        apart_s, pts = min(
            ((_apart_s(frame, captured_at_s, unit), unit.pts) for unit in self._units),
            default=(math.inf, 0),
        )
        return pts if apart_s <= min(NEAR_S, self._half_a_picture_s()) else None

    def _half_a_picture_s(self) -> float:
        if len(self._units) < 2:
            return NEAR_S
        span = self._units[-1].pts - self._units[0].pts
        return max(span / PTS_CLOCK_HZ / (len(self._units) - 1) * 0.55, 0.005)


def _is_later(unit: Unit, frame: Frame) -> bool:
    if frame.clock == unit.clock == "camera":
        return unit.captured_at_s >= frame.captured_at.timestamp()
    return unit.arrived_at >= frame.decoded_at


def _apart_s(frame: Frame, captured_at_s: float, unit: Unit) -> float:
    if frame.clock == unit.clock == "camera":
        return abs(captured_at_s - unit.captured_at_s)
    return abs(frame.decoded_at - unit.arrived_at) if unit.arrived_at else math.inf
