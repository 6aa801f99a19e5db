"""Tells a frozen camera from a quiet one, by pictures that come again bit by bit."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATIENCE_S: Final = 20.0
"""Longer than cameras usually are from one key frame to the next."""
MOST_PATIENCE_S: Final = 300.0
FEWEST_LOOKS: Final = 10
REMEMBERED: Final = 300
"""Pictures; more than a group of pictures has frames in it."""
REVISITS: Final = 6
WITHIN_LOOKS: Final = 60
"""So many looks at earlier pictures, among so many. Measured over 180 looks: at most one of a live scene,
28 or more of a frozen one whose encoder goes on."""
BLOCKS: Final = (40, 24)
MOVED: Final = 8.0
"""Grey levels by which the mean of one of ``BLOCKS`` differs; the codec's own pumping stays below."""


class Stillness:
    """One camera, look by look.

    A sensor's noise makes every picture a new one. Encoders hide it: of a quiet scene they send "as before"
    (skipped blocks), so pictures repeat exactly, but only until the next key frame, which is made of a new
    picture. What never happens is that a picture comes again after others were seen. A camera whose picture
    froze either repeats it for ever, or, where its encoder goes on, comes round to the same few pictures.

    So it is frozen when nothing new was seen for longer than this camera's patience, which is three times the
    longest such time that ended by itself; or when earlier pictures came again, ``REVISITS`` times within
    ``WITHIN_LOOKS``, though nothing moved.
    """

    def __init__(self) -> None:
        self._patience_s = PATIENCE_S
        self._anchor: NDArray[np.float32] | None = None
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._revisits: deque[tuple[int, float]] = deque(maxlen=REVISITS)
        self._new_at: float | None = None
        self._looks = 0
        self._count = 0

    def update(self, picture: NDArray[np.uint8], now: float) -> float | None:
        """
        Args:
            picture: uint8 [h, w], the look at this moment.
            now: monotonic seconds.

        Returns:
            Since when it is frozen, monotonic seconds; None when it is not.
        """
        name, moved = hash(picture.tobytes()), self._moved(picture)
        if moved:
            self._seen.clear()
            self._revisits.clear()
        if name not in self._seen:
            self._learn(now)
            self._new_at, self._looks = now, 0
        else:
            self._looks += 1
            if name != self._seen[-1]:
                self._revisits.append((self._count, now))
        self._seen.append(name)
        self._count += 1
        return self._frozen_since(now)

    def interrupted(self) -> None:
        """Looks were missed; what was still before may have moved meanwhile."""
        self._anchor = self._new_at = None
        self._seen.clear()
        self._revisits.clear()
        self._looks = 0

    def _moved(self, picture: NDArray[np.uint8]) -> bool:
        """Whether something differs from the picture that was there when it last moved."""
        blocks = cv2.resize(picture.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA)
        if self._anchor is not None and float(np.abs(blocks - self._anchor).max()) <= MOVED:
            return False
        self._anchor = cast("NDArray[np.float32]", blocks)
        return True

    def _stuck(self, now: float) -> bool:
        since = self._new_at
        return since is not None and self._looks >= FEWEST_LOOKS and now - since >= self._patience_s

    def _learn(self, now: float) -> None:
        """The time without anything new ended by itself, so it is what this camera does."""
        if self._new_at is None:
            return
        # One that was told already might have been a real fault: it is believed only bit by bit.
        natural_s = 1.5 * self._patience_s if self._stuck(now) else 3 * (now - self._new_at)
        self._patience_s = min(max(self._patience_s, natural_s if self._looks else 0.0), MOST_PATIENCE_S)

    def _frozen_since(self, now: float) -> float | None:
        if self._stuck(now):
            return self._new_at
        if len(self._revisits) == REVISITS and self._count - self._revisits[0][0] <= WITHIN_LOOKS:
            return self._revisits[0][1]
        return None
