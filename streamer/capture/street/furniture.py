"""What stands along the kerbs and may hide people: trees, lamp posts, bollards and bins."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.layout import Layout
from streamer.capture.street.light import Light
from streamer.capture.street.patch import Patch
from streamer.capture.street.shading import lit
from streamer.capture.street.solids import Axes, Cone, Ellipsoid, Placing, Solid
from streamer.capture.street.surface import surface
from streamer.capture.street.view import View

_FOLIAGE = [(0.16, 0.34, 0.22), (0.12, 0.30, 0.26), (0.18, 0.38, 0.34), (0.14, 0.28, 0.16)]


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Something that stands on the street.

    Attributes:
        patch: its cut-out and place.
        away_m: distance along the viewing direction.
        x_m: along the street.
        z_m: across the street.
        height_m: of the stem, which casts a shadow.
        width_m: of the stem.
        crown_m: width of a tree's crown; 0 where there is none.
    """

    patch: Patch
    away_m: float
    x_m: float
    z_m: float
    height_m: float
    width_m: float
    crown_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    solids: list[Solid]
    height_m: float
    width_m: float
    crown_m: float


def furniture(view: View, layout: Layout, light: Light, rng: np.random.Generator) -> list[Thing]:
    """The things of a street, the farthest first."""
    makers: dict[str, Callable[[np.random.Generator], _Shape]] = {
        "tree": _tree,
        "lamp": _lamp,
        "bollard": _bollard,
        "bin": _bin,
    }
    things: list[Thing] = []
    for z_m, gap_m in ((layout.far_kerb_m + 0.45, 6.5), (layout.near_kerb_m - 0.4, 9.0)):
        x_m = -45.0 + float(rng.uniform(0, gap_m))
        while x_m < 45:
            name = str(rng.choice(list(makers), p=[0.34, 0.26, 0.26, 0.14]))
            thing = _thing(makers[name](rng), (x_m, z_m), view, light, rng)
            if thing is not None:
                things.append(thing)
            x_m += gap_m * float(rng.uniform(0.5, 1.6))
    return sorted(things, key=lambda thing: -thing.away_m)


def _thing(
    shape: _Shape, place: tuple[float, float], view: View, light: Light, rng: np.random.Generator
) -> Thing | None:
    x_m, z_m = place
    x, y, away = view.project(np.array([[x_m, 0.0, z_m]]))[0]
    if away < 2:
        return None
    scale = view.focal_px / float(away)
    half = max(shape.crown_m * 0.75, 0.7) * scale
    left, right = max(int(x - half), 0), min(int(x + half) + 1, view.width)
    top, bottom = (
        max(int(y - (shape.height_m + shape.crown_m * 1.1 + 0.6) * scale), 0),
        min(int(y) + 4, view.height),
    )
    if left >= right or top >= bottom:
        return None
    foot = np.array([x - left, y - top, 0.0])
    drawn = surface(shape.solids, Placing(np.eye(3) * scale, foot), right - left, bottom - top)
    pixels = lit(drawn, scale, light, None)
    if shape.crown_m:
        pixels = _leafy(pixels, foot[1] - shape.height_m * scale, scale, rng)
    return Thing(
        Patch(left, top, pixels), float(away), x_m, z_m, shape.height_m, shape.width_m, shape.crown_m
    )


def _leafy(
    pixels: NDArray[np.uint8], below_px: float, scale: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Breaks a crown's smooth balls into leaves, with gaps through which the street is seen."""
    height, width = pixels.shape[:2]
    cell = max(0.055 * scale, 1.5)
    rough = rng.standard_normal((int(height / cell) + 2, int(width / cell) + 2), np.float32)
    leaves = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    fine = rng.standard_normal((height, width), np.float32)
    fine = cv2.GaussianBlur(fine, (3, 3), 0.7) * 1.6
    fade = np.clip((below_px + 0.3 * scale - np.arange(height)) / (0.4 * scale), 0, 1)[:, None].astype(
        np.float32
    )
    edge = cv2.blur(pixels[..., 3], (2 * int(0.2 * scale) + 1,) * 2).astype(np.float32) / 255
    holes = np.clip((leaves + 3.2 * edge - 1.1) * 2.5, 0, 1) * fade + (1 - fade)
    tone = 1 + (0.3 * leaves + 0.25 * fine) * fade
    broken = pixels.astype(np.float32) * holes[..., None]
    broken[..., :3] *= tone[..., None]
    broken[..., :3] = np.minimum(broken[..., :3], broken[..., 3:])
    return np.asarray(np.clip(broken, 0, 255), np.uint8)


def _tree(rng: np.random.Generator) -> _Shape:
    stem = float(rng.uniform(2.3, 3.0))
    crown = float(rng.uniform(2.4, 3.6))
    bark = np.array([0.20, 0.25, 0.30]) * rng.uniform(0.8, 1.3)
    green = np.array(_FOLIAGE[int(rng.integers(len(_FOLIAGE)))])
    solids: list[Solid] = [Cone((0, 0, 0), (0.05, -stem - 0.8, 0), 0.15, 0.09, bark)]
    for _ in range(150):
        way = rng.normal(0, 1, 3)
        way *= crown * 0.48 * rng.random() ** 0.33 / np.linalg.norm(way)
        size = rng.uniform(0.14, 0.34, 3)
        centre = way * np.array([1, 0.85, 1]) + (0, -stem - crown * 0.42, 0)
        solids.append(
            Ellipsoid((centre[0], centre[1], centre[2]), _ball(*size), green * rng.uniform(0.7, 1.35))
        )
    return _Shape(solids, stem, 0.3, crown)


def _lamp(rng: np.random.Generator) -> _Shape:
    metal = np.array([0.26, 0.28, 0.26]) * rng.uniform(0.5, 1.7)
    tall = float(rng.uniform(4.5, 6.0))
    solids: list[Solid] = [
        Cone((0, 0, 0), (0, -tall, 0), 0.065, 0.045, metal),
        Cone((0, 0, 0), (0, -0.9, 0), 0.1, 0.085, metal),
        Ellipsoid((0, -tall, 0), _ball(0.28, 0.1, 0.2), metal * 1.3),
    ]
    return _Shape(solids, tall, 0.13, 0.0)


def _bollard(rng: np.random.Generator) -> _Shape:
    metal = np.array([0.2, 0.2, 0.2]) * rng.uniform(0.5, 2.2)
    solids: list[Solid] = [
        Cone((0, 0, 0), (0, -0.85, 0), 0.075, 0.07, metal),
        Ellipsoid((0, -0.78, 0), _ball(0.082, 0.04, 0.082), np.array([0.75, 0.76, 0.78])),
    ]
    return _Shape(solids, 0.9, 0.15, 0.0)


def _bin(rng: np.random.Generator) -> _Shape:
    colour = rng.uniform(0.12, 0.4, 3)
    solids: list[Solid] = [
        Cone((0, -0.2, 0), (0, -0.72, 0), 0.2, 0.24, colour),
        Ellipsoid((0, -0.06, 0), _ball(0.2, 0.07, 0.2), colour * 0.6),
        Ellipsoid((0, -0.95, 0), _ball(0.26, 0.08, 0.26), colour * 0.7),
    ]
    return _Shape(solids, 0.9, 0.45, 0.0)


def _ball(right: float, up: float, ahead: float) -> Axes:
    return (right, 0.0, 0.0), (0.0, up, 0.0), (0.0, 0.0, ahead)
