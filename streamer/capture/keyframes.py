"""When the key frames of a stream are all that has to be decoded."""

from collections import deque
from typing import Final

from streamer.capture.clock import EARLY_SHARE
from streamer.frame import PTS_CLOCK_HZ

KEYS: Final = 4
"""So many key frames show how often they come."""
ROUNDING: Final = 1.01
"""Timestamps are rounded and jitter."""


class KeyframesOnly:
    """Watches how often key frames come: as often as pictures are due, nothing else needs decoding.

    The first unit that comes later than a picture is due ends it.
    """

    def __init__(self, fps: float) -> None:
        """
        Args:
            fps: pictures due per second of media time, 0 for all.
        """
        self._period = PTS_CLOCK_HZ / fps if fps else 0.0
        self._keys: deque[int] = deque(maxlen=KEYS)
        self._suffice = False

    def restart(self) -> None:
        """What comes next is another stream, or has to be seen whole."""
        self._keys.clear()
        self._suffice = False

    def suffice(self, pts: int, *, keyframe: bool) -> bool:
        """Whether this unit needs decoding only if it is a key frame that is due.

        Args:
            pts: of its picture; in a stream without B-frames they rise from unit to unit.
            keyframe: it is a key frame.
        """
        if self._suffice and pts - self._keys[-1] > self._period * (1 + EARLY_SHARE):
            self.restart()
        if keyframe:
            self._keys.append(pts)
            span = self._keys[-1] - self._keys[0]
            often = span <= (KEYS - 1) * self._period * ROUNDING
            self._suffice = self._suffice or (len(self._keys) == KEYS and often)
        return self._suffice
