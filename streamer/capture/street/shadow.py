"""Shadows on the ground: a soft one where someone stands, a long one from the sun."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.furniture import Thing
from streamer.capture.street.light import Light
from streamer.capture.street.view import View

if TYPE_CHECKING:
    from streamer.capture.street.parking import Car
    from streamer.capture.street.truth import Person

_SUBPIXEL_BITS: Final = 4
_CLUMPS: Final = 24
_GOLDEN: Final = 2.4

Ground: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Shade:
    """How a group of strokes darkens the ground; the deeper of two strokes counts, never both."""

    strength: float
    blur_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Stroke:
    """A line on the ground, X and Z in metres, and its width."""

    start: Ground
    end: Ground
    width_m: float


def cast_person(image: NDArray[np.uint8], view: View, light: Light, person: "Person") -> None:
    """Darkens the ground under a person, in place."""
    walker = person.walker
    ahead = np.array([np.sin(walker.heading), np.cos(walker.heading)])
    aside = np.array([ahead[1], -ahead[0]])
    here = np.array([walker.x_m, walker.z_m])
    slope = _slope(light)
    step = 0.36 * np.cos(2 * np.pi * person.phase)
    feet = [here + aside * 0.09 + ahead * step, here - aside * 0.09 - ahead * step]
    hip, neck, crown = (here + slope * up for up in (0.92, 1.45, 1.72))
    strokes = [_Stroke(foot, hip, 0.15) for foot in feet] + [
        _Stroke(hip, neck, 0.36),
        _Stroke(neck, crown, 0.18),
    ]
    for side in (-1, 1):
        shoulder = here + slope * 1.35 + aside * side * 0.22
        hand = here + slope * 0.85 + aside * side * 0.25 - ahead * side * step * 0.8
        strokes.append(_Stroke(shoulder, hand, 0.09))
    _darken(image, view, strokes, _Shade(_depth(light, 0.55), 0.02))
    _darken(image, view, [_Stroke(foot, foot + ahead * 0.1, 0.2) for foot in feet], _Shade(0.5, 0.05))


def cast_thing(image: NDArray[np.uint8], view: View, light: Light, thing: Thing) -> None:
    """Darkens the ground under a thing, in place."""
    here = np.array([thing.x_m, thing.z_m])
    slope = _slope(light)
    strokes = [_Stroke(here, here + slope * thing.height_m, thing.width_m)]
    for clump in range(_CLUMPS if thing.crown_m else 0):
        # Clumps of leaves on a sunflower spiral: light falls through between them.
        out, turn = thing.crown_m * 0.45 * np.sqrt(clump / _CLUMPS), _GOLDEN * clump + thing.x_m
        top = here + slope * (thing.height_m + 1.2 + out * np.sin(7.0 * clump))
        spot = top + out * np.array([np.cos(turn), np.sin(turn)])
        strokes.append(_Stroke(spot, spot, thing.crown_m * 0.2))
    _darken(image, view, strokes, _Shade(_depth(light, 0.5), 0.06))
    _darken(image, view, [_Stroke(here, here, thing.width_m * 1.6)], _Shade(0.45, 0.06))


def cast_car(image: NDArray[np.uint8], view: View, light: Light, car: "Car") -> None:
    """Darkens the ground under and beside a car, in place."""
    style = car.look.style
    half = np.array([style.length / 2 * 0.95, 0.0, style.width / 2 * 0.98])
    corners = np.array([(1, 1, 1), (1, 1, -1), (-1, 1, -1), (-1, 1, 1)]) * half
    ground = car.place.world(corners)[:, [0, 2]]
    thrown = np.concatenate([ground, ground + _slope(light) * style.height * 0.85])
    _cover(image, view, thrown, _Shade(_depth(light, 0.55), 0.05))
    _cover(image, view, ground, _Shade(0.72, 0.12))


def _cover(image: NDArray[np.uint8], view: View, ground: Ground, shade: _Shade) -> None:
    """Darkens the hull of points on the ground."""
    seen = view.project(np.insert(ground, 1, 0.0, axis=1))
    if seen[:, 2].min() < 0.8:
        return
    blur = max(int(shade.blur_m * view.focal_px / float(seen[:, 2].mean())), 1)
    limit = image.shape[1], image.shape[0]
    low = np.clip(seen[:, :2].min(axis=0) - 2 * blur - 1, 0, limit).astype(int)
    high = np.clip(seen[:, :2].max(axis=0) + 2 * blur + 1, 0, limit).astype(int)
    if (low >= high).any():
        return
    mask = np.full((high - low)[::-1], 255, np.uint8)
    hull = cv2.convexHull(np.round((seen[:, :2] - low) * 2**_SUBPIXEL_BITS).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, round(255 * (1 - shade.strength)), cv2.LINE_AA, _SUBPIXEL_BITS)
    mask = cv2.blur(mask, (2 * blur + 1, 2 * blur + 1))
    under = image[low[1] : high[1], low[0] : high[0]]
    under[...] = cv2.multiply(under, cv2.merge([mask, mask, mask]), scale=1 / 255)


def _slope(light: Light) -> Ground:
    """How far, X and Z, the shadow of a point one metre up lies from its foot."""
    towards = light.towards
    return -towards[[0, 2]] / towards[1]  # type: ignore[no-any-return]


def _depth(light: Light, most: float) -> float:
    return most * min(light.sun, 0.8)


def _darken(image: NDArray[np.uint8], view: View, strokes: Sequence[_Stroke], shade: _Shade) -> None:
    places = np.array([stroke.start for stroke in strokes] + [stroke.end for stroke in strokes])
    seen = view.project(np.insert(places, 1, 0.0, axis=1))
    if seen[:, 2].min() < 0.8:
        return
    scale = view.focal_px / float(seen[:, 2].mean())
    widest = max(stroke.width_m for stroke in strokes)
    pad = (widest / 2 + 2 * shade.blur_m + 0.05) * scale + 3
    limit = image.shape[1], image.shape[0]
    low = np.clip(seen[:, :2].min(axis=0) - pad, 0, limit).astype(int)
    high = np.clip(seen[:, :2].max(axis=0) + pad, 0, limit).astype(int)
    if (low >= high).any():
        return
    mask = np.full((high - low)[::-1], 255, np.uint8)
    points = np.round((seen[:, :2] - low) * 2**_SUBPIXEL_BITS).astype(int).tolist()
    tone = round(255 * (1 - shade.strength))
    for stroke, start, end in zip(strokes, points, points[len(strokes) :], strict=False):
        # Lines lie on the ground, which is seen at a slant: they look narrower than they are.
        width = max(int(stroke.width_m * scale * 0.75), 1)
        cv2.line(mask, start, end, tone, width, cv2.LINE_AA, _SUBPIXEL_BITS)
    size = 2 * max(int(shade.blur_m * scale), 1) + 1
    mask = cv2.blur(mask, (size, size))
    under = image[low[1] : high[1], low[0] : high[0]]
    under[...] = cv2.multiply(under, cv2.merge([mask, mask, mask]), scale=1 / 255)
