"""Where followed objects are and where they go: a Kalman filter per coordinate, all objects at once."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]

POSITION, VELOCITY, VAR_POSITION, COVARIANCE, VAR_VELOCITY = range(5)
"""Second axis of a state [N,5,4]; the third one is centre x, centre y, width, height.

Pixels and seconds. The coordinates are independent, so that a covariance is three numbers per coordinate
and no matrix is multiplied.
"""

MEMORY_S: Final = 10.0
"""Time constant after which an unseen object's velocity is forgotten."""

MEASURED: Final = np.array([0.08, 0.08, 0.12, 0.12])
"""Standard deviation of what is detected, in sizes of the box."""

SPEED: Final = np.array([1.2, 0.36, 0.25, 0.25])
"""Standard deviation of the speed, in sizes of the box per second; things move along the ground."""

EDGE_NOISE: Final = 0.14
"""Standard deviation of an edge of a detected box about where it is expected, in sizes of the box."""

DEGREES: Final = 2.0
"""Of freedom of the edges' Student distribution: one edge behind a neighbour says little against a match."""


def started(boxes: Columns) -> Columns:
    """States [N,5,4] of objects seen for the first time, at rest until shown otherwise."""
    measured = from_boxes(boxes)
    size = sizes(measured)
    nothing = np.zeros_like(measured)
    return np.stack((measured, nothing, (MEASURED * size) ** 2, nothing, (SPEED * size) ** 2), axis=1)


def predicted(states: Columns, dt_s: float) -> Columns:
    """The states ``dt_s`` seconds later.

    A velocity is an Ornstein-Uhlenbeck process: it forgets its value with the time constant ``MEMORY_S`` and
    its standard deviation never exceeds ``SPEED``, so that a prediction over a long gap stays near.
    """
    kept = math.exp(-dt_s / MEMORY_S)
    reach = MEMORY_S * (1 - kept)
    spread = MEMORY_S**2 * max(2 * dt_s / MEMORY_S - 3 + 4 * kept - kept**2, 0.0)
    position, velocity, var_position, covariance, var_velocity = states.swapaxes(0, 1)
    noise = (SPEED * sizes(position)) ** 2
    return np.stack(
        (
            position + velocity * reach,
            velocity * kept,
            var_position + 2 * reach * covariance + reach**2 * var_velocity + noise * spread,
            kept * (covariance + reach * var_velocity) + noise * (MEMORY_S * (1 - kept) ** 2),
            kept**2 * var_velocity + noise * (1 - kept**2),
        ),
        axis=1,
    )


def corrected(states: Columns, boxes: Columns) -> Columns:
    """The states after their boxes [N,4] were seen."""
    measured = from_boxes(boxes)
    position, velocity, var_position, covariance, var_velocity = states.swapaxes(0, 1)
    total = var_position + (MEASURED * sizes(measured)) ** 2
    gain_position, gain_velocity = var_position / total, covariance / total
    error = measured - position
    return np.stack(
        (
            position + gain_position * error,
            velocity + gain_velocity * error,
            (1 - gain_position) * var_position,
            (1 - gain_position) * covariance,
            var_velocity - gain_velocity * covariance,
        ),
        axis=1,
    )


def surprise(states: Columns, boxes: Columns) -> Columns:
    """[N,M] how little the boxes [M,4] look like the objects: 0 when they are just where they were expected.

    Twice the negative logarithm of a Student distribution of every edge, less its greatest value. Unlike an
    overlap it knows how sure the prediction is, and still tells apart what does not overlap any more.
    """
    half = np.maximum(states[:, POSITION, 2:], 1.0) / 2
    centre = states[:, POSITION, :2]
    edges = np.concatenate((centre - half, centre + half), axis=1)
    variance = states[:, VAR_POSITION, :2] + states[:, VAR_POSITION, 2:] / 4
    noise = (EDGE_NOISE * sizes(from_boxes(boxes))) ** 2
    total = np.tile(variance, 2)[:, None] + noise[None]
    return np.asarray(
        (DEGREES + 1) * np.log1p((boxes[None] - edges[:, None]) ** 2 / (DEGREES * total)).sum(axis=2)
    )


def from_boxes(boxes: Columns) -> Columns:
    """Centre x, y, width, height of x1, y1, x2, y2."""
    lower, upper = boxes[:, :2], boxes[:, 2:]
    return np.concatenate(((lower + upper) / 2, upper - lower), axis=1)


def sizes(position: Columns) -> Columns:
    """[N,1] geometric mean of width and height, at least one pixel."""
    extent = np.maximum(position[:, 2:], 1.0)
    return np.asarray(np.sqrt(extent[:, :1] * extent[:, 1:]))
