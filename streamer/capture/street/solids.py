"""Smooth solids drawn into a buffer of depth, normal and colour (orthographic, one body at a time)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Point = NDArray[np.float64]
FAR = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Cone:
    """A tapered limb with round ends. Points are x right, y down, z away, in any unit.

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
    colour: Point


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid:
    """A ball stretched along three half axes (rows of ``axes``).

    ``colour`` covers it, but for a strip down the middle of the side that the third axis points to, which has
    the colour ``open_front`` where there is one.
    """

    centre: Point
    axes: Point
    colour: Point
    open_front: Point | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A box with three half axes (rows of ``axes``)."""

    centre: Point
    axes: Point
    colour: Point


Solid = Cone | Ellipsoid | Block


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What is nearest at each pixel.

    Attributes:
        depth: float32 [H, W], ``FAR`` where nothing is.
        normal: float32 [H, W, 3], x right, y down, z away; unit length.
        colour: float32 [H, W, 3], BGR 0..1, unlit.
        cover: float32 [H, W], 0..1, the share of the pixel that is covered.
    """

    depth: Floats
    normal: Floats
    colour: Floats
    cover: Floats


def surface(solids: list[Solid], width: int, height: int) -> Surface:
    """Draws the solids, whose unit is the pixel."""
    target = Surface(
        np.full((height, width), FAR, np.float32),
        np.zeros((height, width, 3), np.float32),
        np.zeros((height, width, 3), np.float32),
        np.zeros((height, width), np.float32),
    )
    for solid in solids:
        match solid:
            case Cone():
                _draw_cone(target, solid)
            case Ellipsoid():
                _draw_ellipsoid(target, solid)
            case Block():
                _draw_block(target, solid)
    return target


def placed(solid: Solid, scale: float, foot: Point) -> Solid:
    """The solid enlarged by ``scale``, its origin at ``foot``."""
    match solid:
        case Cone():
            ends = solid.start * scale + foot, solid.end * scale + foot
            return Cone(*ends, solid.start_radius * scale, solid.end_radius * scale, solid.colour)
        case Ellipsoid():
            return Ellipsoid(
                solid.centre * scale + foot,
                solid.axes * scale,
                solid.colour,
                solid.open_front,
            )
        case Block():
            return Block(solid.centre * scale + foot, solid.axes * scale, solid.colour)


def _window(target: Surface, low: Point, high: Point) -> tuple[slice, slice, Floats, Floats] | None:
    height, width = target.depth.shape
    left, top = max(int(low[0]) - 1, 0), max(int(low[1]) - 1, 0)
    right, bottom = min(int(high[0]) + 2, width), min(int(high[1]) + 2, height)
    if left >= right or top >= bottom:
        return None
    x = np.arange(left, right, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
    return slice(top, bottom), slice(left, right), x, y


def _put(target: Surface, rows: slice, columns: slice, found: tuple[Floats, Floats, Floats, Floats, Floats], colour: Floats) -> None:
    """Keeps what is nearer than before; ``found`` is cover, depth and the normal's three parts."""
    cover, depth, *normal = found
    before = target.depth[rows, columns]
    nearer = (cover > 0) & (depth < before)
    np.maximum(target.cover[rows, columns], cover, out=target.cover[rows, columns])
    np.copyto(before, depth, where=nearer)
    kept = target.normal[rows, columns]
    for part, values in enumerate(normal):
        np.copyto(kept[..., part], values, where=nearer)
    np.copyto(target.colour[rows, columns], colour, where=nearer[..., None])


def _draw_cone(target: Surface, cone: Cone) -> None:
    widest = max(cone.start_radius, cone.end_radius)
    ends = np.stack([cone.start, cone.end])
    window = _window(target, ends.min(axis=0) - widest, ends.max(axis=0) + widest)
    if window is None:
        return
    rows, columns, x, y = window
    dx, dy, dz = (float(v) for v in cone.end - cone.start)
    px, py = x - np.float32(cone.start[0]), y - np.float32(cone.start[1])
    along = np.clip((px * dx + py * dy) * (1.0 / (dx * dx + dy * dy + 1e-6)), 0, 1)
    ox, oy = px - along * dx, py - along * dy
    radius = cone.start_radius + along * (cone.end_radius - cone.start_radius)
    distance = np.sqrt(ox * ox + oy * oy)
    cover = np.clip(radius - distance + 0.5, 0, 1)
    inverse = 1 / np.maximum(radius, distance)
    nx, ny = ox * inverse, oy * inverse
    nz = -np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0))
    depth = float(cone.start[2]) + along * dz + nz * radius
    _put(target, rows, columns, (cover, depth, nx, ny, nz), cone.colour.astype(np.float32))


def _draw_ellipsoid(target: Surface, ball: Ellipsoid) -> None:
    reach = np.sqrt((ball.axes**2).sum(axis=0))
    window = _window(target, ball.centre - reach, ball.centre + reach)
    if window is None:
        return
    rows, columns, x, y = window
    # Unit ball coordinates are u = W (p - centre); |u|^2 = 1 is a quadratic in z for each pixel.
    inverse = np.linalg.inv(ball.axes.T)
    form = inverse.T @ inverse
    px, py = x - np.float32(ball.centre[0]), y - np.float32(ball.centre[1])
    a = form[2, 2]
    half_b = form[0, 2] * px + form[1, 2] * py
    c = form[0, 0] * px * px + form[1, 1] * py * py + 2 * form[0, 1] * px * py - 1
    under = half_b * half_b - a * c
    # The edge's distance in pixels is about the quadratic over its slope; the slope is near 2 / radius.
    smallest = float(np.sqrt(reach[0] * reach[1]))
    cover = np.clip(under / a * smallest * 0.5 + 0.5, 0, 1).astype(np.float32)
    z = (-half_b - np.sqrt(np.maximum(under, 0))) * (1 / a)
    nx = form[0, 0] * px + form[0, 1] * py + form[0, 2] * z
    ny = form[0, 1] * px + form[1, 1] * py + form[1, 2] * z
    nz = form[0, 2] * px + form[1, 2] * py + form[2, 2] * z
    length = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    colour = ball.colour.astype(np.float32)
    if ball.open_front is not None:
        aside, _, ahead = (row[0] * px + row[1] * py + row[2] * z for row in inverse)
        inside = (np.abs(aside) < 0.3) & (ahead > 0)
        colour = np.where(inside[..., None], ball.open_front.astype(np.float32), colour)
    depth = (z + float(ball.centre[2])).astype(np.float32)
    _put(target, rows, columns, (cover, depth, nx * length, ny * length, nz * length), colour)


def _draw_block(target: Surface, block: Block) -> None:
    reach = np.abs(block.axes).sum(axis=0)
    window = _window(target, block.centre - reach, block.centre + reach)
    if window is None:
        return
    rows, columns, x, y = window
    inverse = np.linalg.inv(block.axes.T)
    px, py = x - np.float32(block.centre[0]), y - np.float32(block.centre[1])
    enter = np.full((y.shape[0], x.shape[1]), -FAR, np.float32)
    leave = np.full_like(enter, FAR)
    normal = np.zeros((3, *enter.shape), np.float32)
    for row, axis in zip(inverse, block.axes, strict=True):
        slope = row[2] if abs(row[2]) > 1e-6 else 1e-6
        middle = -(row[0] * px + row[1] * py) / slope
        near, far = middle - abs(1 / slope), middle + abs(1 / slope)
        later = near > enter
        np.copyto(enter, near, where=later)
        np.minimum(leave, far, out=leave)
        face = -np.sign(slope) * axis / np.linalg.norm(axis)
        for part in range(3):
            np.copyto(normal[part], np.float32(face[part]), where=later)
    cover = cv2.blur((enter < leave).astype(np.float32), (2, 2)) if enter.size > 16 else (enter < leave) * 1.0
    depth = enter + np.float32(block.centre[2])
    found = (np.where(enter < leave, cover, 0).astype(np.float32), depth, normal[0], normal[1], normal[2])
    _put(target, rows, columns, found, block.colour.astype(np.float32))
