"""Where the two recordings of a camera stand, so that their pictures are paired by their place in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.frame import Frame

KEPT: Final = 3
"""Beginnings that are remembered: pictures on their way are of the last or the one before."""


class Beginnings:
    """When a recording began, again and again, in media time of whoever plays it; for any thread."""

    def __init__(self) -> None:
        self._pts: tuple[int, ...] = ()

    def add(self, pts: int) -> None:
        self._pts = (*self._pts[1 - KEPT :], pts)

    def since(self, pts: int) -> int:
        """Ticks since it began the last time; since 0 where it is not known to have begun."""
        return pts - next((began for began in reversed(self._pts) if began <= pts), 0)


class Place:
    """The place of a camera's two recordings, by now and for each of their pictures; for any thread.

    Attributes:
        sub: beginnings of the one that is detected on.
        main: beginnings of the larger one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: the one of ``Frame.decoded_at``.
        """
        self.sub = Beginnings()
        self.main = Beginnings()
        self._clock = clock
        self._seen = 0, clock()

    def note(self, frame: Frame) -> None:
        """A frame that is detected on came."""
        self._seen = self.sub.since(frame.pts), frame.decoded_at

    def now(self) -> int:
        """Ticks from the beginning to where it plays by now, as far as the latest frame tells."""
        ticks, at = self._seen
        return ticks + round((self._clock() - at) * PTS_CLOCK_HZ)

    def later_s(self, frame: Frame, picture: Frame) -> float:
        """Seconds from a frame's place to that of a picture of the larger recording."""
        return (self.main.since(picture.pts) - self.sub.since(frame.pts)) / PTS_CLOCK_HZ
