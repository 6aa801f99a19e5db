"""Where each followed object is and where it goes: one Kalman filter per box edge pair, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]

MEMORY_S: Final = 3.0
"""Time constant after which an unseen object's velocity is forgotten."""

MEASURED: Final = np.array([0.08, 0.08, 0.12, 0.12])
"""Standard deviation of a detected centre x, y, width and height, in sizes of the box."""

SPEED: Final = np.array([0.8, 0.5, 0.25, 0.25])
"""Standard deviation of the speed of centre x, y, width and height, in sizes of the box per second."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The state of N boxes: centre x, y, width, height in pixels.

    The four coordinates are independent, so a covariance is 2x2 per coordinate and needs no matrix algebra.

    Attributes:
        position: [N,4] pixels.
        velocity: [N,4] pixels per second.
        var_position, covariance, var_velocity: [N,4], the three entries of the 2x2 covariances.
    """

    position: Columns
    velocity: Columns
    var_position: Columns
    covariance: Columns
    var_velocity: Columns

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Motion:
        """The states at these rows."""
        return Motion(
            self.position[which],
            self.velocity[which],
            self.var_position[which],
            self.covariance[which],
            self.var_velocity[which],
        )

    def joined(self, other: Motion) -> Motion:
        """These states, then the others."""
        return Motion(
            np.concatenate((self.position, other.position)),
            np.concatenate((self.velocity, other.velocity)),
            np.concatenate((self.var_position, other.var_position)),
            np.concatenate((self.covariance, other.covariance)),
            np.concatenate((self.var_velocity, other.var_velocity)),
        )

    def put(self, which: NDArray[np.intp], other: Motion) -> None:
        """Replace the states at these rows."""
        self.position[which] = other.position
        self.velocity[which] = other.velocity
        self.var_position[which] = other.var_position
        self.covariance[which] = other.covariance
        self.var_velocity[which] = other.var_velocity

    def boxes(self) -> Columns:
        """[N,4] x1, y1, x2, y2."""
        half = np.maximum(self.position[:, 2:], 1.0) / 2
        return np.concatenate((self.position[:, :2] - half, self.position[:, :2] + half), axis=1)


def started(boxes: Columns) -> Motion:
    """States of objects seen for the first time, at rest until shown otherwise."""
    measured = from_boxes(boxes)
    size = sizes(measured)
    return Motion(
        position=measured,
        velocity=np.zeros_like(measured),
        var_position=(MEASURED * size) ** 2,
        covariance=np.zeros_like(measured),
        var_velocity=(SPEED * size) ** 2,
    )


def predicted(motion: Motion, dt_s: float) -> Motion:
    """The states ``dt_s`` seconds later.

    The velocity is an Ornstein-Uhlenbeck process: it forgets its value with the time constant ``MEMORY_S``
    and its variance never exceeds ``SPEED``, so that a prediction over a long gap stays near.
    """
    kept = math.exp(-dt_s / MEMORY_S)
    reach = MEMORY_S * (1 - kept)
    noise = (SPEED * sizes(motion.position)) ** 2
    noise_position = noise * MEMORY_S**2 * max(2 * dt_s / MEMORY_S - 3 + 4 * kept - kept**2, 0.0)
    return Motion(
        position=motion.position + motion.velocity * reach,
        velocity=motion.velocity * kept,
        var_position=motion.var_position
        + 2 * reach * motion.covariance
        + reach**2 * motion.var_velocity
        + noise_position,
        covariance=kept * (motion.covariance + reach * motion.var_velocity)
        + noise * MEMORY_S * (1 - kept) ** 2,
        var_velocity=kept**2 * motion.var_velocity + noise * (1 - kept**2),
    )


def corrected(motion: Motion, boxes: Columns) -> Motion:
    """The states after their boxes [N,4] were seen."""
    measured = from_boxes(boxes)
    noise = (MEASURED * sizes(measured)) ** 2
    gain_position = motion.var_position / (motion.var_position + noise)
    gain_velocity = motion.covariance / (motion.var_position + noise)
    surprise = measured - motion.position
    return Motion(
        position=motion.position + gain_position * surprise,
        velocity=motion.velocity + gain_velocity * surprise,
        var_position=(1 - gain_position) * motion.var_position,
        covariance=(1 - gain_position) * motion.covariance,
        var_velocity=motion.var_velocity - gain_velocity * motion.covariance,
    )


def from_boxes(boxes: Columns) -> Columns:
    """Centre x, y, width, height of x1, y1, x2, y2."""
    lower, upper = boxes[:, :2], boxes[:, 2:]
    return np.concatenate(((lower + upper) / 2, upper - lower), axis=1)


def sizes(position: Columns) -> Columns:
    """[N,1] geometric mean of width and height, at least one pixel."""
    extent = np.maximum(position[:, 2:], 1.0)
    return np.asarray(np.sqrt(extent[:, :1] * extent[:, 1:]))
