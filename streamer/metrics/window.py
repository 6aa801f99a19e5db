"""The last seconds of a measurement: how often, and quantiles."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

MOST_VALUES: Final = 8192
"""Bound of a window; 10 s of a camera at 240 frames/s need 2400."""


class Window:
    """Values of the last seconds with their times; bounded."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._values: deque[tuple[float, float]] = deque(maxlen=MOST_VALUES)
        self._first_at: float | None = None

    def add(self, now: float, value: float = 1.0) -> None:
        if self._first_at is None:
            self._first_at = now
        self._values.append((now, value))

    def values(self, now: float) -> list[float]:
        while self._values and self._values[0][0] <= now - self._length_s:
            self._values.popleft()
        return [value for _, value in self._values]

    def rate(self, now: float) -> float:
        """Values per second; over the time since the first one while that is shorter than the window."""
        if self._first_at is None:
            return 0.0
        # Below one second a rate would be a guess from a handful of values.
        elapsed_s = min(self._length_s, max(1.0, now - self._first_at))
        return len(self.values(now)) / elapsed_s


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile of ascending values; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
