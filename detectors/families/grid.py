"""The cells that anchor-free heads predict from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PYRAMIDS: Final = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))
"""Strides that published models of these families use."""


def cells(width: int, height: int, strides: tuple[int, ...]) -> NDArray[np.float32]:
    """Column, row and stride of every cell, float32 [cells,3], row by row, finest grid first."""
    grids = []
    for stride in strides:
        rows, columns = np.mgrid[0 : -(-height // stride), 0 : -(-width // stride)]
        grids.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1))
    return np.concatenate(grids).astype(np.float32)


def places(width: int, height: int, count: int, anchors: int = 1) -> NDArray[np.float32] | None:
    """Middle and stride in pixels of the cell of each of ``count`` boxes, float32 [count,3], where these are
    ``anchors`` for every cell, grid by grid and anchor by anchor; None where no pyramid has so many."""
    strides = None if count % anchors else strides_of(width, height, count // anchors)
    if strides is None:
        return None
    grids = [np.tile(cells(width, height, (stride,)), (anchors, 1)) for stride in strides]
    table = np.concatenate(grids)
    table[:, :2] = (table[:, :2] + 0.5) * table[:, 2:]
    return table


def strides_of(width: int, height: int, count: int | None) -> tuple[int, ...] | None:
    """The pyramid that has ``count`` cells on an input of this size, if any."""
    for strides in PYRAMIDS:
        if sum(-(-width // stride) * -(-height // stride) for stride in strides) == count:
            return strides
    return None
