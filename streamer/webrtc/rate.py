"""How many bits per second a viewer's connection takes, by what its receiver reports."""

from __future__ import annotations

from collections import deque
from typing import Final

FLOOR: Final = 300_000
"""Bits per second; with less, a picture says nothing any more."""
HIGH_LOSS, LOW_LOSS = 0.10, 0.02
RAISE: Final = 1.08
WINDOW_S: Final = 1.0


class ReceiverRate:
    """One receiver's limit; by loss as in draft-ietf-rmcat-gcc-02, section 6."""

    def __init__(self, most: int) -> None:
        """
        Args:
            most: bits per second that it is sent at all.
        """
        self._most = most
        self._by_estimate = self._by_loss = float(most)

    @property
    def bitrate(self) -> int:
        """Bits per second, from ``FLOOR`` on."""
        return int(self._bounded(min(self._by_estimate, self._by_loss)))

    def estimated(self, bitrate: int, sent: float) -> None:
        """It believes that it can receive so many bits per second (REMB).

        Args:
            bitrate: what it says.
            sent: bits per second that it was sent of late. A receiver cannot know of more than half as much
                again: what says no less than what it was sent is no limit.
        """
        if bitrate < sent:
            self._by_estimate = self._bounded(bitrate)
        else:
            self._by_estimate = self._bounded(max(bitrate, self._by_estimate * RAISE))

    def lost(self, share: float) -> None:
        """It says which share (0..1) of the packets since its last report did not arrive (RTCP RR)."""
        if share > HIGH_LOSS:
            self._by_loss = self._bounded(self._by_loss * (1 - share / 2))
        elif share < LOW_LOSS:
            self._by_loss = self._bounded(self._by_loss * RAISE)

    def _bounded(self, bitrate: float) -> float:
        return max(min(float(bitrate), self._most), min(FLOOR, self._most))


class SentRate:
    """How much was sent of late."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()

    def add(self, now: float, size: int) -> None:
        """So many bytes leave at this moment, monotonic seconds."""
        self._sent.append((now, size))
        self._forget(now)

    def bitrate(self, now: float) -> float:
        """Bits per second."""
        self._forget(now)
        return sum(size for _, size in self._sent) * 8 / WINDOW_S

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - WINDOW_S:
            self._sent.popleft()
