"""Where chance comes from: one stream of numbers for each matter, so that none disturbs another."""

from enum import IntEnum

import numpy as np


class Matter(IntEnum):
    """What is decided by lot; the numbers are part of what a seed means."""

    VIEW = 1
    LIFE = 2
    LAYOUT = 3
    LOOK = 4
    LIGHT = 5
    SCENE = 6
    NOISE = 7
    FURNITURE = 8
    SENSOR = 9
    CAR = 10
    PARKING = 11
    NIGHT = 12
    RAIN = 13
    LOSS = 14
    COVER = 15


def chance(seed: int, matter: Matter, *numbers: int) -> np.random.Generator:
    """The stream of a seed and a matter, and of which one where there are many."""
    return np.random.default_rng([seed, matter, *numbers])
