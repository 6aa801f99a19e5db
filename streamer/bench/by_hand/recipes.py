"""How the outputs of each family are read by hand, in numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a family of models is fed and read.

    Attributes:
        rgb: order of the channels.
        scale: pixels are multiplied with it.
        centred: where the picture lies in the input; else top left.
        decode: outputs and grid [cells,3] to boxes [cells,4] as centre and size, and scores [cells,classes].
    """

    rgb: bool
    scale: float
    centred: bool
    decode: Callable[[Sequence[Array], Array], tuple[Array, Array]]


def yolox(outputs: Sequence[Array], grid: Array) -> tuple[Array, Array]:
    rows, stride = outputs[0][0], grid[:, 2:]
    centre = (rows[:, :2] + grid[:, :2]) * stride
    size = np.exp(rows[:, 2:4]) * stride
    return np.concatenate([centre, size], 1), rows[:, 4:5] * rows[:, 5:]


def ultralytics(outputs: Sequence[Array], grid: Array) -> tuple[Array, Array]:
    rows = outputs[0][0].T
    return rows[:, :4], rows[:, 4:]


def sightline(outputs: Sequence[Array], grid: Array) -> tuple[Array, Array]:
    maps = [output[0].reshape(output.shape[1], -1).T for output in outputs]
    logits, logs = np.concatenate(maps[:3]), np.concatenate(maps[3:])
    centre, sides = (grid[:, :2] + 0.5) * grid[:, 2:], np.exp(logs) * grid[:, 2:]
    top_left, bottom_right = centre - sides[:, :2], centre + sides[:, 2:]
    boxes = np.concatenate([(top_left + bottom_right) / 2, bottom_right - top_left], 1)
    return boxes, 1 / (1 + np.exp(-logits))


RECIPES: Final = {
    "yolox": Recipe(False, 1.0, False, yolox),
    "ultralytics-v8": Recipe(True, 1 / 255, True, ultralytics),
    "sightline": Recipe(False, 1.0, False, sightline),
}
"""The families that somebody wrote a decode for."""
