"""The smooth solids that people and things are made of, and where they fall in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float, float]
Axes: TypeAlias = tuple[Point, Point, Point]
Colour: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cone:
    """A tapered limb with round ends.

    Attributes:
        start: one end's centre.
        end: the other end's centre.
        start_radius: radius at ``start``.
        end_radius: radius at ``end``.
        colour: BGR 0..1.
    """

    start: Point
    end: Point
    start_radius: float
    end_radius: float
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid:
    """A ball stretched along three half axes that stand at right angles.

    ``colour`` covers it, but for a strip down the middle of the side that the third axis points to, which has
    the colour ``open_front`` where there is one.
    """

    centre: Point
    axes: Axes
    colour: Colour
    open_front: Colour | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A box with three half axes that stand at right angles."""

    centre: Point
    axes: Axes
    colour: Colour


Solid: TypeAlias = Cone | Ellipsoid | Block


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """From the axes of a body to those of a picture: x right, y down, z away, all in pixels.

    Attributes:
        matrix: 3x3, a turn and an enlargement.
        origin: [3], where the body's origin falls.
    """

    matrix: Numbers
    origin: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Solids of one kind in a picture.

    Attributes:
        parameters: [N, K], what the kind's formula in skins.py takes.
        low: [N, 2], the least x and y that a solid may reach.
        high: [N, 2], the greatest.
        axes: [N, 3, 3], half axes as rows; empty for cones.
    """

    parameters: Numbers
    low: Numbers
    high: Numbers
    axes: Numbers


def placed_cones(cones: Sequence[Cone], placing: Placing) -> Placed:
    """Parameters: start, way from start to end, first radius, its growth, 1 / (way in x and y)^2."""
    ends = np.array([(cone.start, cone.end) for cone in cones]) @ placing.matrix.T + placing.origin
    enlargement = float(np.linalg.norm(placing.matrix[:, 0]))
    radii = np.array([(cone.start_radius, cone.end_radius) for cone in cones]) * enlargement
    way = ends[:, 1] - ends[:, 0]
    inverse = 1 / ((way[:, :2] ** 2).sum(axis=1) + 1e-6)
    growth = radii[:, 1] - radii[:, 0]
    widest = radii.max(axis=1)[:, None]
    return Placed(
        np.column_stack([ends[:, 0], way, radii[:, 0], growth, inverse]),
        ends[..., :2].min(axis=1) - widest,
        ends[..., :2].max(axis=1) + widest,
        np.empty((0, 3, 3)),
    )


def placed_ellipsoids(balls: Sequence[Ellipsoid], placing: Placing) -> Placed:
    """Parameters: centre, the form's xx xy xz yy yz zz, the factor from the form to pixels at the edge."""
    centres = np.array([ball.centre for ball in balls]) @ placing.matrix.T + placing.origin
    axes = np.array([ball.axes for ball in balls]) @ placing.matrix.T
    # Unit ball coordinates are u = W (p - centre), the axes being at right angles; the form is W^T W.
    weights = axes / (axes**2).sum(axis=2, keepdims=True)
    form = weights.transpose(0, 2, 1) @ weights
    reach = np.sqrt((axes[..., :2] ** 2).sum(axis=1))
    # The edge's distance in pixels is about the form over its slope, which is near 2 / radius.
    edge = np.sqrt(reach[:, 0] * reach[:, 1]) * 0.5 / form[:, 2, 2]
    six = form[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    return Placed(np.column_stack([centres, six, edge]), centres[:, :2] - reach, centres[:, :2] + reach, axes)


def placed_blocks(blocks: Sequence[Block], placing: Placing) -> Placed:
    """Parameters: the centre; the axes are beside."""
    centres = np.array([block.centre for block in blocks]) @ placing.matrix.T + placing.origin
    axes = np.array([block.axes for block in blocks]) @ placing.matrix.T
    reach = np.abs(axes[..., :2]).sum(axis=1)
    return Placed(centres, centres[:, :2] - reach, centres[:, :2] + reach, axes)
