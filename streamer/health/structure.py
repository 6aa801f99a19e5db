"""Whether a picture shows anything at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS: Final = (20, 12)
"""So large that their means hardly know of a sensor's noise (240 pixels each)."""
UNEVEN: Final = 6.0
"""Grey levels; what a hand or a cap leaves are slopes, which this is blind to."""


def structure(picture: NDArray[np.uint8]) -> float:
    """The share of a look, uint8 [h, w], that differs from its surroundings, 0..1.

    Noise and smooth slopes count for nothing: it is taken from the Laplacian of the means of ``BLOCKS``.
    """
    blocks = cv2.resize(picture.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA)
    bends = cv2.Laplacian(blocks, cv2.CV_32F, borderType=cv2.BORDER_REFLECT_101)
    # At the border it would see a slope.
    return float(np.mean(np.abs(bends[1:-1, 1:-1]) > UNEVEN))
