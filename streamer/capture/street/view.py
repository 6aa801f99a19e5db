"""Where the camera stands and how the street projects into its picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.options import StreetOptions

Floats = NDArray[np.float32]


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
        """World points [N, 3] to [N, 3]: x and y in pixels, distance along the viewing direction in metres."""
        local = (points - np.array([0.0, self.elevation_m, 0.0])) @ self.axes.T
        away = np.maximum(local[:, 2], 1e-3)
        x = self.width / 2 + self.focal_px * local[:, 0] / away
        y = self.height / 2 - self.focal_px * local[:, 1] / away
        return np.stack([x, y, local[:, 2]], axis=1)

    def rays(self, scale: int) -> Floats:
        """World directions [H * scale, W * scale, 3] through the pixels of a picture ``scale`` times as fine."""
        x = ((np.arange(self.width * scale) + 0.5) / scale - self.width / 2) / self.focal_px
        y = (self.height / 2 - (np.arange(self.height * scale) + 0.5) / scale) / self.focal_px
        right, up, ahead = self.axes.astype(np.float32)
        x32, y32 = x.astype(np.float32), y.astype(np.float32)
        return x32[None, :, None] * right + y32[:, None, None] * up + ahead


def view_of(options: StreetOptions) -> View:
    """The camera of a street: height, direction and lens differ by seed."""
    rng = np.random.default_rng([options.seed, 1])
    yaw = np.deg2rad(rng.uniform(-28, 28))
    pitch = np.deg2rad(rng.uniform(9, 14))
    focal = rng.uniform(0.78, 0.92) * max(options.width, options.height * 4 / 3)
    ahead = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    axes = np.stack([right, np.cross(ahead, right), ahead])
    return View(options.width, options.height, float(focal), float(rng.uniform(2.5, 3.4)), axes)
