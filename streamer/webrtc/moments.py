"""When a moment that one stream shows is shown in another one of the same camera."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.pairing import NEAR_S, PATIENCE_S
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.webrtc.feed import Unit

UNITS: Final = 256
"""Whose times are kept, to find the one that shows a frame's moment: 8 s at 30 a second."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Of a picture that is shown.

    Attributes:
        pts: ticks of 90 kHz.
        came_at: when it could be sent, ``time.monotonic()`` seconds.
    """

    pts: int
    came_at: float


class Moments:
    """Of the units of a feed, which they are heard by."""

    def __init__(self) -> None:
        self._units: deque[Unit] = deque(maxlen=UNITS)
        self._came_at: deque[float] = deque(maxlen=UNITS)
        self._more = anyio.Event()

    def offer(self, unit: Unit) -> None:
        """Called by the feed."""
        self._units.append(unit)
        self._came_at.append(time.monotonic())
        self._more.set()

    def end(self) -> None:
        """Called by the feed."""

    async def of(self, frame: Frame) -> Moment | None:
        """That of the unit of the same moment, half a picture away at most; it may still have to come."""
        with anyio.move_on_after(PATIENCE_S):
            # Clocks of two streams are never quite the same: once one is near, a later one is farther away.
            while not (self._units and _later_s(self._units[-1], frame) >= -self._half_a_picture_s(0.45)):
                self._more = anyio.Event()
                await self._more.wait()
        apart_s = [abs(_later_s(unit, frame)) for unit in self._units]
        if not apart_s or min(apart_s) > self._half_a_picture_s(0.55):
            return None
        nearest = apart_s.index(min(apart_s))
        return Moment(self._units[nearest].pts, self._came_at[nearest])

    def _half_a_picture_s(self, share: float) -> float:
        """About that, as a share of the time between two pictures."""
        if len(self._units) < 2:
            return NEAR_S
        span = self._units[-1].pts - self._units[0].pts
        return min(NEAR_S, max(span / PTS_CLOCK_HZ / (len(self._units) - 1) * share, 0.005))


def _later_s(unit: Unit, frame: Frame) -> float:
    """By how much a unit shows a later moment than a frame."""
    if frame.clock == unit.clock == "camera":
        return unit.captured_at_s - frame.captured_at.timestamp()
    return unit.arrived_at - frame.decoded_at
