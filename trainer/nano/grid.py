"""The points of the three output maps, in the order of the flattened outputs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.nano.architecture import STRIDES

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """Cell centres float32 [A, 2] in input pixels, and the stride of each, float32 [A]."""

    points: Floats
    strides: Floats


def grid(size: int) -> Grid:
    """The grid of a square input whose side is a multiple of 32."""
    points, strides = [], []
    for stride in STRIDES:
        ys, xs = np.mgrid[0 : size // stride, 0 : size // stride]
        points.append((np.stack([xs.ravel(), ys.ravel()], axis=1) + 0.5) * stride)
        strides.append(np.full(xs.size, stride))
    return Grid(np.concatenate(points).astype(np.float32), np.concatenate(strides).astype(np.float32))
