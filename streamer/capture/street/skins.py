"""Where a solid's surface lies at each pixel, and how it is turned.

The formulas take pixels as a grid (x a row, y a column) with one solid's parameters, or as one long list with
the parameters repeated for each pixel.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.solids import Numbers

Floats: TypeAlias = NDArray[np.floating]
Parameter: TypeAlias = float | Floats

_BEFORE_ALL: Final = -1e6
_STRIP: Final = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """A solid's own surface at the pixels asked for.

    Attributes:
        cover: 0..1, the share of the pixel that is covered.
        depth: distance away, pixels.
        normal_x: the unit normal's part to the right.
        normal_y: the unit normal's part downwards.
    """

    cover: Floats
    depth: Floats
    normal_x: Floats
    normal_y: Floats

    def part(self, start: int, height: int, width: int) -> "Skin":
        """The rectangle whose pixels begin at ``start`` of a long list."""
        end, shape = start + height * width, (height, width)
        return Skin(
            self.cover[start:end].reshape(shape),
            self.depth[start:end].reshape(shape),
            self.normal_x[start:end].reshape(shape),
            self.normal_y[start:end].reshape(shape),
        )


def cone_skin(x: Floats, y: Floats, parameters: tuple[Parameter, ...]) -> Skin:
    """Surface of tapered limbs; parameters as of ``placed_cones``."""
    start_x, start_y, start_z, dx, dy, dz, radius, growth, inverse = parameters
    x, y = x - start_x, y - start_y
    along = np.clip((x * dx + y * dy) * inverse, 0, 1)
    ox, oy = x - along * dx, y - along * dy
    wide = along * growth + radius
    distance = np.sqrt(ox * ox + oy * oy)
    cover = np.clip(wide - distance + np.float32(0.5), 0, 1)
    inverted = np.reciprocal(np.maximum(wide, distance))
    ox *= inverted
    oy *= inverted
    toward = np.sqrt(np.maximum(1 - ox * ox - oy * oy, 0))
    return Skin(cover, along * dz - toward * wide + start_z, ox, oy)


def ellipsoid_skin(x: Floats, y: Floats, parameters: tuple[Parameter, ...]) -> Skin:
    """Surface of stretched balls; parameters as of ``placed_ellipsoids``."""
    centre_x, centre_y, centre_z, xx, xy, xz, yy, yz, zz, edge = parameters
    x, y = x - centre_x, y - centre_y
    half_b = x * xz + y * yz
    # The ball is a quadratic in z for each pixel, z = (-half_b - sqrt(under)) / zz.
    under = half_b * half_b - (x * x * xx + y * y * yy + x * y * (2 * xy) - 1) * zz
    cover = np.clip(under * edge + np.float32(0.5), 0, 1)
    z = (half_b + np.sqrt(np.maximum(under, 0))) / -zz
    nx = x * xx + y * xy + z * xz
    ny = x * xy + y * yy + z * yz
    nz = half_b + z * zz
    length = np.reciprocal(np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12)))
    return Skin(cover, z + centre_z, nx * length, ny * length)


def open_front(x: Floats, y: Floats, depth: Floats, centre: Numbers, axes: Numbers) -> NDArray[np.bool_]:
    """Which pixels show the strip down the middle of a ball's front."""
    centre_x, centre_y, centre_z = centre.tolist()
    aside, _, ahead = (
        (x - centre_x) * right + (y - centre_y) * down + (depth - centre_z) * away
        for right, down, away in (axes / (axes**2).sum(axis=1, keepdims=True)).tolist()
    )
    return np.asarray((np.abs(aside) < _STRIP) & (ahead > 0))


def block_skin(x: Floats, y: Floats, centre: Numbers, axes: Numbers) -> Skin:
    """Surface of a box: a line of sight enters it through the last of the three faces it meets."""
    centre_x, centre_y, centre_z = centre.tolist()
    x, y = x - centre_x, y - centre_y
    enter = np.full(np.broadcast_shapes(x.shape, y.shape), _BEFORE_ALL, np.float32)
    leave = -enter
    normal_x, normal_y = np.zeros_like(enter), np.zeros_like(enter)
    for axis in axes:
        right, down, away = (axis / (axis @ axis)).tolist()
        away = away if abs(away) > 1e-6 else 1e-6
        middle = (x * right + y * down) * (-1 / away)
        near = middle - abs(1 / away)
        later = near > enter
        np.copyto(enter, near, where=later)
        np.minimum(leave, middle + abs(1 / away), out=leave)
        face = (-np.sign(away) * axis / np.linalg.norm(axis)).astype(np.float32)
        np.copyto(normal_x, face[0], where=later)
        np.copyto(normal_y, face[1], where=later)
    # A box has no slope to take the edge from: what is next to air is taken as partly covered.
    hit = (enter < leave).astype(np.float32)
    cover = hit * np.asarray(cv2.blur(hit, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32)
    return Skin(cover, enter + centre_z, normal_x, normal_y)
