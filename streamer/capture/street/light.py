"""The light of a street: sun, sky and their slow drift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Light as the camera sees it.

    Attributes:
        direction: float32 [3], towards the sun: picture's right, down, away from the camera.
        towards: float64 [3], towards the sun in the world's axes.
        sun: strength of direct light; small under clouds.
        sky: strength of the light from all around.
        tint: float32 [3], BGR of the light.
    """

    direction: NDArray[np.float32]
    towards: NDArray[np.float64]
    sun: float
    sky: float
    tint: NDArray[np.float32]

    def drift(self, time_s: float) -> float:
        """Brightness at a moment, near 1: thin clouds pass."""
        return float(1 + 0.035 * np.sin(time_s / 7.3) + 0.02 * np.sin(time_s / 2.9 + 1))


def light_of(options: StreetOptions, view: View) -> Light:
    """The street's light, which differs by seed: from clear to overcast, and no sun in rain and at night."""
    rng = chance(options.seed, Matter.LIGHT)
    around, height = rng.uniform(-2.6, 2.6), np.deg2rad(rng.uniform(30, 60))
    # The sun stands mostly behind the camera or beside it, as for a camera that was placed with care.
    azimuth = np.pi + around * 0.7
    towards = np.array([np.sin(azimuth) * np.cos(height), np.sin(height), np.cos(azimuth) * np.cos(height)])
    seen = view.axes @ towards
    clear = float(rng.uniform(0, 1))
    if options.night or options.rain:
        clear = -0.5 if options.night else -0.3
    tint = np.array([1 - 0.05 * clear, 1.0, 1 + 0.04 * clear], np.float32)
    direction = np.array([seen[0], -seen[1], seen[2]], np.float32)
    sky = 0.95 - 0.35 * clear if clear >= 0 else 0.95
    return Light(direction, towards, 0.25 + 0.5 * clear, sky, tint)
