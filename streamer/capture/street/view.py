"""Where the camera stands and how the street projects into its picture."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.options import StreetOptions

Floats: TypeAlias = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A pinhole camera. World axes in metres: X along the street, Y up, Z across it, away from the camera.

    Attributes:
        width: of the picture, pixels.
        height: of the picture, pixels.
        focal_px: focal length, pixels.
        elevation_m: of the camera above the ground; it stands at X = Z = 0.
        axes: float64 3x3, rows are the picture's right, the picture's up, and the viewing direction.
    """

    width: int
    height: int
    focal_px: float
    elevation_m: float
    axes: NDArray[np.float64]

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """World points [N, 3] to [N, 3]: x and y in pixels, distance ahead of the camera in metres."""
        local = (points - np.array([0.0, self.elevation_m, 0.0])) @ self.axes.T
        away = np.maximum(local[:, 2], 1e-3)
        x = self.width / 2 + self.focal_px * local[:, 0] / away
        y = self.height / 2 - self.focal_px * local[:, 1] / away
        return np.stack([x, y, local[:, 2]], axis=1)

    def rays(self, scale: int, rows: range) -> Floats:
        """World directions [len(rows) * scale, W * scale, 3] through the given rows of the picture.

        ``scale`` rays side by side pass through each pixel, as many one above the other.
        """
        inside = (np.arange(scale) + 0.5) / scale
        x = np.add.outer(np.arange(self.width), inside).ravel() - self.width / 2
        y = self.height / 2 - np.add.outer(np.array(rows), inside).ravel()
        right, up, ahead = self.axes.astype(np.float32)
        x32, y32 = (x / self.focal_px).astype(np.float32), (y / self.focal_px).astype(np.float32)
        return np.asarray(x32[None, :, None] * right + y32[:, None, None] * up + ahead, np.float32)


def view_of(options: StreetOptions) -> View:
    """The camera of a street: height, direction and lens differ by seed."""
    rng = chance(options.seed, Matter.VIEW)
    yaw = np.deg2rad(rng.uniform(-28, 28))
    pitch = np.deg2rad(rng.uniform(9, 14))
    focal = rng.uniform(0.78, 0.92) * max(options.width, options.height * 4 / 3)
    ahead = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    axes = np.stack([right, np.cross(ahead, right), ahead])
    return View(options.width, options.height, float(focal), float(rng.uniform(2.5, 3.4)), axes)
