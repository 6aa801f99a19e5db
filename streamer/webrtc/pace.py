"""How many pictures a second a camera really sends."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from streamer.frame import PTS_CLOCK_HZ

USUAL_FPS: Final = 25.0
GAPS: Final = 15
ENOUGH: Final = 7
"""Gaps between pictures before anything is made of them."""


class Pace:
    """Told from the times of the latest pictures; one that was left out changes nothing."""

    def __init__(self) -> None:
        self._gaps: deque[int] = deque(maxlen=GAPS)
        self._last: int | None = None

    def add(self, pts: int) -> None:
        """A picture at this time, ticks of 90 kHz."""
        if self._last is not None and pts > self._last:
            self._gaps.append(pts - self._last)
        self._last = pts

    @property
    def fps(self) -> float:
        """Pictures per second; ``USUAL_FPS`` while there were too few."""
        return PTS_CLOCK_HZ / median(self._gaps) if len(self._gaps) >= ENOUGH else USUAL_FPS
