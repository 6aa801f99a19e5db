"""Which detection is which object: overlap of boxes and an optimal assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.tracking.motion import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Pairs of rows: ``objects[i]`` is ``detections[i]``."""

    objects: NDArray[np.intp]
    detections: NDArray[np.intp]


def overlaps(first: Columns, second: Columns) -> Columns:
    """[N,M] intersection over union of x1, y1, x2, y2 boxes."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    extent = np.minimum(first[:, None, 2:], second[None, :, 2:]) - corner
    np.maximum(extent, 0.0, out=extent)
    shared = extent[..., 0] * extent[..., 1]
    return np.asarray(shared / np.maximum(_areas(first)[:, None] + _areas(second)[None] - shared, 1e-9))


def assign(similarity: Columns, least: float) -> Matches:
    """The pairs with the greatest sum of similarity [N,M]; none below ``least``."""
    # Half a second of imports, which a program that starts spends on loading its model.
    from scipy.optimize import linear_sum_assignment

    objects, detections = linear_sum_assignment(np.where(similarity >= least, similarity, 0.0), maximize=True)
    good = similarity[objects, detections] >= least
    return Matches(objects[good], detections[good])


def _areas(boxes: Columns) -> Columns:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
