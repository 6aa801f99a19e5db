"""Which detection is which object: an optimal assignment, group by group of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.tracking.motion import Columns

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

NOBODY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Which objects may be matched to which detections.

    Attributes:
        objects, detections: bool [N] and bool [M].
        limit: cost from which on a pair is none.
    """

    objects: Mask
    detections: Mask
    limit: float


def assign(costs: Columns, stages: tuple[Stage, ...]) -> Rows:
    """The object of every detection, or ``NOBODY``; each stage takes what the earlier ones left.

    Args:
        costs: [N,M], infinite where a pair is impossible.
    """
    owners = np.full(costs.shape[1], NOBODY, np.intp)
    if not costs.size:
        return owners
    # Here and not at the top: it takes half a second to import.
    from scipy.optimize import linear_sum_assignment

    taken = np.zeros(costs.shape[0], np.bool_)
    for stage in stages:
        rows = np.flatnonzero(stage.objects & ~taken)
        columns = np.flatnonzero(stage.detections & (owners == NOBODY))
        if len(rows) and len(columns):
            these = np.minimum(costs[np.ix_(rows, columns)], stage.limit)
            row, column = linear_sum_assignment(these)
            good = these[row, column] < stage.limit
            owners[columns[column[good]]] = rows[row[good]]
            taken[rows[row[good]]] = True
    return owners
