"""By how much boxes overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST: Final = np.finfo(np.float32).tiny


def overlaps(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """IoU of every box of one with every box of the other: xyxy [n,4] and [m,4] to [n,m]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = np.maximum(high - low, 0).prod(axis=2)
    area, other = ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second))
    iou: NDArray[np.float32] = both / np.maximum(area[:, None] + other[None] - both, SMALLEST)
    return iou
