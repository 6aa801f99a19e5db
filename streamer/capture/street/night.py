"""The street after dark: what the lamps light, and how they look themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.furniture import Thing
from streamer.capture.street.layout import Layout
from streamer.capture.street.view import View

Floats: TypeAlias = NDArray[np.floating]

NOISE: Final = 2.6
"""Times as much sensor noise as by day: the gain is turned up."""

_AMBIENT: Final = (0.25, 0.21, 0.19)
_WARM: Final = (0.46, 0.68, 0.82)
_REACH_M: Final = 3.4
_UNSEEN_GAP_M: Final = 15.0
_UNSEEN_Z_M: Final = 3.0
_LAMP_M: Final = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Glow:
    """How bright each place of the street is, as a share of the day's light.

    Attributes:
        lamps: float64 [L, 2], X and Z in metres.
        heads: float64 [H, 3], the lamps whose heads may be seen, in the world.
    """

    lamps: NDArray[np.float64]
    heads: NDArray[np.float64]

    def at(self, x_m: Floats | float, z_m: Floats | float) -> Floats:
        """BGR factors [.., 3] at places on the ground."""
        total = np.zeros(np.shape(x_m), np.float32)
        for x, z in self.lamps.tolist():
            away = ((x_m - x) ** 2 + (z_m - z) ** 2) / _REACH_M**2
            total += 1 / (1 + away) ** 1.5
        lit = np.minimum(total, 1.3)[..., None]
        return np.asarray(np.array(_AMBIENT, np.float32) + lit * np.array(_WARM, np.float32), np.float32)


def glow_of(things: Sequence[Thing]) -> Glow:
    """The light of the lamp posts in the picture, and of a row of lamps behind the camera."""
    posts = [thing for thing in things if thing.height_m > _LAMP_M and not thing.crown_m]
    behind = [(x, _UNSEEN_Z_M) for x in np.arange(-45, 46, _UNSEEN_GAP_M).tolist()]
    heads = np.array([(post.x_m, post.height_m, post.z_m) for post in posts]).reshape(-1, 3)
    return Glow(np.array([(post.x_m, post.z_m) for post in posts] + behind), heads)


def darkened(empty: NDArray[np.uint8], view: View, layout: Layout, glow: Glow) -> NDArray[np.uint8]:
    """The empty street in the light of the lamps."""
    rays = view.rays(1, range(view.height))
    wall = layout.front_m / np.maximum(rays[..., 2], 1e-3)
    ground = view.elevation_m / np.maximum(-rays[..., 1], 1e-4)
    reach = np.where(rays[..., 1] < 0, np.minimum(wall, ground), wall)
    above = np.maximum(rays[..., 1] * reach + view.elevation_m, 0)
    factors = glow.at(rays[..., 0] * reach, rays[..., 2] * reach)
    # Lamps shine down: the upper floors and the sky get what is scattered.
    factors *= (0.3 + 0.7 / (1 + (above / 4.5) ** 3))[..., None]
    return np.asarray(np.clip(empty * factors, 0, 255), np.uint8)


def with_lamp_heads(image: NDArray[np.uint8], view: View, glow: Glow) -> None:
    """Draws the shining heads and the glare round them, in place."""
    seen = view.project(glow.heads) if len(glow.heads) else glow.heads
    shine = np.zeros(image.shape[:2], np.float32)
    for x, y, away in seen.tolist():
        if away > 1:
            core = max(int(0.16 * view.focal_px / away), 1)
            cv2.circle(shine, (round(x), round(y)), core, 1.0, -1, cv2.LINE_AA)
    spread = max(view.width // 60, 3)
    near, far = (cv2.GaussianBlur(shine, (0, 0), sigma) for sigma in (spread, spread * 3))
    glare = shine + 1.6 * near + 2.0 * far
    tone = np.array([170, 225, 255], np.float32)
    image[...] = np.clip(image + glare[..., None] * tone, 0, 255).astype(np.uint8)
