"""Whether a camera is less sharp than it usually is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS: Final = (80, 45)
EDGES: Final = 360
"""Cells, a tenth of all, with the strongest edges; elsewhere noise would count as sharpness."""
LEAST_CONTRAST: Final = 2.0
"""Grey levels of the edges below which nothing can be said; noise alone has 0.5."""
UNSHARP: Final = 0.55
"""Of the usual. Measured: 0.87 to 1.65 in fog, dusk, infrared light and all through videos; 0.16 to 0.51 when
blurred by a 200th of the width or more."""
LEARNING_S: Final = 60.0
MEMORY_S: Final = 1800.0
"""The usual follows within half an hour while it is sharp, ..."""
SLOW: Final = 24
"""... so many times more slowly while it is not: a camera that was turned to another scene is at ease again
after a day."""


def sharpness(picture: NDArray[np.uint8]) -> float | None:
    """How much of a look's edges is fine detail; None where there are no edges.

    The energy of the finest band by that of a band four times as coarse, where edges are strongest: a
    measure that light, contrast and fog hardly change, and blur does (after the variance of the Laplacian,
    Pech-Pacheco et al., ICPR 2000).

    Args:
        picture: uint8 [h, w].
    """
    grey = picture.astype(np.float32)
    fine = cv2.resize(np.abs(grey - cv2.GaussianBlur(grey, (5, 5), 0)), CELLS, interpolation=cv2.INTER_AREA)
    cells = cv2.resize(grey, CELLS, interpolation=cv2.INTER_AREA)
    coarse = np.abs(cells - cv2.GaussianBlur(cells, (5, 5), 0))
    strongest = coarse >= np.partition(coarse, -EDGES, axis=None)[-EDGES]
    contrast = float(coarse[strongest].mean())
    return None if contrast < LEAST_CONTRAST else float(fine[strongest].mean()) / contrast


class Focus:
    """One camera against its own past."""

    def __init__(self) -> None:
        self._usual: float | None = None
        self._learnt_s = 0.0
        self._last_at: float | None = None

    def update(self, picture: NDArray[np.uint8], now: float) -> bool:
        """Whether the look at ``now`` (monotonic seconds) is much less sharp than usual."""
        found = sharpness(picture)
        if found is None:
            return False
        passed_s = 0.0 if self._last_at is None else min(now - self._last_at, LEARNING_S / 10)
        self._last_at = now
        self._learnt_s += passed_s
        unsharp = self._learnt_s >= LEARNING_S and found < UNSHARP * (self._usual or 0.0)
        # At first the plain mean, else the first look would weigh for half an hour.
        memory_s = MEMORY_S * SLOW if unsharp else min(MEMORY_S, self._learnt_s)
        if self._usual is None:
            self._usual = found
        elif passed_s:
            share = 1 - math.exp(-passed_s / memory_s)
            self._usual += share * (found - self._usual)
        return unsharp
