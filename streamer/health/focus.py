"""Whether a camera is less sharp than it usually is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS: Final = (80, 45)
EDGES: Final = 360
"""Cells, a tenth of all: the strongest edges are measured, the weakest are mostly noise."""
LEAST_CONTRAST: Final = 2.0
"""Grey levels of the edges below which nothing can be said; noise alone has 0.5."""
ABOVE_NOISE: Final = 2.0
"""So many times as strong as the noise have edges to be."""
UNSHARP: Final = 0.55
"""Of the usual. Measured: at least 0.83 all through videos, 0.76 in fog, 0.96 in dusk, rain and infrared
light; at most 0.49 when blurred by a 200th of the width or more."""
LEARNING_S: Final = 60.0
MEMORY_S: Final = 1800.0
"""Within half an hour the usual sinks to what is seen, ..."""
SLOW: Final = 24
"""... and so many times more slowly it rises, or sinks to what counts as unsharp: hours of rain, whose drops
are sharper than the scene, are no measure, and a camera that was turned elsewhere is at ease after a day."""


def sharpness(picture: NDArray[np.uint8], before: NDArray[np.uint8] | None = None) -> float | None:
    """How much of a look's edges is fine detail; None where there are no edges.

    The energy of the finest band, less that of noise, by that of a band four times as coarse, where edges are
    strongest: a measure that light, contrast and fog hardly change, and blur does (after the variance of the
    Laplacian, Pech-Pacheco et al., ICPR 2000).

    Args:
        picture: uint8 [h, w].
        before: the look before it, by which noise is told from texture; without it nothing counts as noise.
    """
    grey = picture.astype(np.float32)
    fine = _finest(grey)
    cells = cv2.resize(grey, CELLS, interpolation=cv2.INTER_AREA)
    coarse = np.abs(cells - cv2.GaussianBlur(cells, (5, 5), 0)).ravel()
    order = np.argpartition(coarse, (EDGES, coarse.size - EDGES))
    contrast, detail = float(coarse[order[-EDGES:]].mean()), float(fine[order[-EDGES:]].mean())
    noise = 0.0
    if before is not None:
        changed = float(np.median(_finest(grey - before))) / math.sqrt(2)
        noise = min(changed, float(np.median(fine[order[:EDGES]])))
    if contrast < max(LEAST_CONTRAST, ABOVE_NOISE * noise):
        return None
    return math.sqrt(max(detail**2 - noise**2, 0.0)) / contrast


def _finest(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The energy of the finest band in each of ``CELLS``, in a row."""
    band = np.abs(grey - cv2.GaussianBlur(grey, (5, 5), 0))
    return cast("NDArray[np.float32]", cv2.resize(band, CELLS, interpolation=cv2.INTER_AREA).ravel())


class Focus:
    """One camera against its own past."""

    def __init__(self) -> None:
        self._usual: float | None = None
        self._learnt_s = 0.0
        self._last_at: float | None = None
        self._before: NDArray[np.uint8] | None = None

    def update(self, picture: NDArray[np.uint8], now: float) -> bool:
        """Whether the look at ``now`` (monotonic seconds) is much less sharp than usual."""
        found = sharpness(picture, self._before)
        self._before = picture
        if found is None:
            return False
        passed_s = 0.0 if self._last_at is None else min(now - self._last_at, LEARNING_S / 10)
        self._last_at = now
        self._learnt_s += passed_s
        usual = found if self._usual is None else self._usual
        unsharp = self._learnt_s >= LEARNING_S and found < UNSHARP * usual
        slow = unsharp or (found > usual and self._learnt_s >= MEMORY_S)
        # At first the plain mean, else the first look would weigh for half an hour.
        memory_s = MEMORY_S * SLOW if slow else max(min(MEMORY_S, self._learnt_s), LEARNING_S / 10)
        self._usual = usual + (1 - math.exp(-passed_s / memory_s)) * (found - usual)
        return unsharp
