"""Cars as flat faces: a lofted body, a cabin with panes, wheels and lights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance

Colour: TypeAlias = NDArray[np.float64]
Corners: TypeAlias = NDArray[np.float64]

_PAINTS: Final = [
    (0.86, 0.86, 0.86), (0.62, 0.62, 0.62), (0.30, 0.29, 0.28), (0.07, 0.07, 0.07), (0.10, 0.10, 0.55),
    (0.45, 0.20, 0.08), (0.62, 0.45, 0.22), (0.16, 0.28, 0.14), (0.30, 0.42, 0.52),
]  # fmt: skip
_PLASTIC: Final = np.array([0.055, 0.055, 0.055])
_TYRE: Final = np.array([0.05, 0.05, 0.052])
_ALLOY: Final = np.array([0.60, 0.60, 0.60])
_RING: Final = ((0.86, 0.0), (0.97, 0.13), (1.0, 0.42), (0.985, 0.70), (0.95, 0.93), (0.86, 1.0), (0.0, 1.03))
"""Half a cross-section: shares of the half width, and of the way from the sill to the top."""


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """The outline of a car, metres; heights are above the ground, places ahead of its middle.

    Attributes:
        length: of the car.
        width: without its mirrors.
        height: of the roof.
        top: how high the body without its cabin is along the car, (place, height) from the rear to the front.
        cabin: places of the tail's foot, the roof's rear and front edge, and the windscreen's foot.
        axle: how far the axles lie from the middle.
        wheel: a tyre's radius.
    """

    length: float
    width: float
    height: float
    top: tuple[tuple[float, float], ...]
    cabin: tuple[float, float, float, float]
    axle: float
    wheel: float


STYLES: Final = (
    Style(4.1, 1.76, 1.48, ((-2.05, 0.92), (-1.85, 0.99), (0.9, 0.97), (1.75, 0.84), (2.05, 0.68)),
          (-1.9, -1.3, 0.2, 0.98), 1.28, 0.31),
    Style(4.55, 1.79, 1.45, ((-2.27, 0.90), (-1.6, 1.0), (0.95, 0.96), (1.9, 0.82), (2.27, 0.66)),
          (-1.62, -0.85, 0.22, 1.02), 1.36, 0.32),
    Style(4.4, 1.84, 1.66, ((-2.2, 1.0), (-1.95, 1.08), (0.95, 1.06), (1.85, 0.95), (2.2, 0.78)),
          (-2.05, -1.6, 0.3, 1.02), 1.34, 0.35),
)  # fmt: skip
"""A hatchback, a saloon, and a tall one."""


@dataclass(frozen=True, slots=True, eq=False)
class CarLook:
    """What a car looks like: its outline and its paint, BGR 0..1."""

    kind: int
    style: Style
    paint: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A flat part of a car's outside.

    Attributes:
        corners: float64 [N, 3], metres: ahead of the middle, above the ground, to the right.
        colour: BGR 0..1, unlit.
        gloss: 0..1, how much it mirrors.
        layer: what is drawn over what; within a layer the nearer over the farther.
    """

    corners: Corners
    colour: Colour
    gloss: float
    layer: int


def look_of_car(seed: int, number: int) -> CarLook:
    """The look of car ``number`` of a street."""
    rng = chance(seed, Matter.CAR, number)
    kind = int(rng.integers(len(STYLES)))
    paint = np.array(_PAINTS[int(rng.integers(len(_PAINTS)))])
    return CarLook(kind, STYLES[kind], np.clip(paint * rng.uniform(0.88, 1.12), 0.04, 0.92))


def faces_of(look: CarLook) -> list[Face]:
    """The faces of a car, whichever way it is seen."""
    found = [*_body(look), *_ends(look), *_cabin(look)]
    for side in (-1, 1):
        found += _seams(look.style, side)
        for axle in (-look.style.axle, look.style.axle):
            found += _wheel(look.style, axle, side)
    return found


def _half(style: Style, ahead: float) -> float:
    return style.width / 2 * (1 - 0.17 * abs(2 * ahead / style.length) ** 8)


def _ring(style: Style, ahead: float, side: int) -> list[tuple[float, float, float]]:
    places, heights = zip(*style.top, strict=True)
    top, low = float(np.interp(ahead, places, heights)), 0.22 + 0.08 * abs(2 * ahead / style.length) ** 10
    half = _half(style, ahead)
    return [(ahead, low + up * (top - low), side * out * half) for out, up in _RING]


def _body(look: CarLook) -> Iterator[Face]:
    style = look.style
    stations = np.linspace(-style.length / 2, style.length / 2, 29).tolist()
    for side in (-1, 1):
        rings = [_ring(style, ahead, side) for ahead in stations]
        for rear, front in pairwise(rings):
            for row in range(len(_RING) - 1):
                corners = np.array([rear[row], front[row], front[row + 1], rear[row + 1]])
                colour, gloss = (_PLASTIC, 0.1) if row == 0 else (look.paint, 1.0)
                yield Face(corners, colour, gloss, 1)
    yield _box_below(style)


def _box_below(style: Style) -> Face:
    """The dark underside, seen between the wheels."""
    half, reach = style.width / 2 * 0.8, style.length / 2 * 0.9
    corners = [(-reach, 0.2, -half), (reach, 0.2, -half), (reach, 0.2, half), (-reach, 0.2, half)]
    return Face(np.array(corners), _PLASTIC * 0.5, 0.0, 0)


def _ends(look: CarLook) -> Iterator[Face]:
    """The front and the rear, with lights, plates and bumpers."""
    style = look.style
    for end, glow in ((1, np.array([0.95, 0.95, 0.92])), (-1, np.array([0.10, 0.08, 0.62]))):
        at = end * style.length / 2
        left, right = _ring(style, at, -1), _ring(style, at, 1)
        yield Face(np.array([*left, *right[-2::-1]]), look.paint, 0.6, 1)
        low, top, half = left[0][1], left[-2][1], _half(style, at)
        out, tall = at + end * 0.01, top - low
        yield _upright(out, (-0.9 * half, 0.9 * half), (low, low + 0.2 * tall), _PLASTIC)
        yield _upright(
            out + end * 0.01, (-0.26, 0.26), (low + 0.22 * tall, low + 0.40 * tall), np.full(3, 0.8)
        )
        if end > 0:
            yield _upright(out, (-0.45, 0.45), (low + 0.44 * tall, low + 0.80 * tall), _PLASTIC)
        for side in (-1, 1):
            inner, outer = sorted((side * 0.52 * half, side * 0.97 * half))
            yield _upright(out, (inner, outer), (low + 0.58 * tall, low + 0.9 * tall), glow)
            # Lamps reach round the corner, so that a side view shows them too.
            back = at - end * 0.22
            ring_out, ring_back = half * 1.0, _half(style, back) * 1.0
            corner = [(at, ring_out), (back, ring_back)]
            heights = (low + 0.62 * tall, low + 0.86 * tall)
            points = [(u, v, side * (w + 0.006)) for v in heights for u, w in corner]
            yield Face(np.array([points[0], points[1], points[3], points[2]]), glow, 0.5, 2)


def _upright(ahead: float, across: tuple[float, float], up: tuple[float, float], colour: Colour) -> Face:
    corners = [(ahead, up[0], across[0]), (ahead, up[0], across[1]), (ahead, up[1], across[1])]
    return Face(np.array([*corners, (ahead, up[1], across[0])]), colour, 0.3, 2)


def _wheel(style: Style, axle: float, side: int) -> Iterator[Face]:
    out, radius = side * style.width / 2, style.wheel
    arch = _disc(axle, radius, out * 0.995, (radius * 1.2, -0.25, np.pi + 0.25))
    yield Face(arch, _PLASTIC * 0.4, 0.0, 3)
    yield Face(_disc(axle, radius, out * 1.0, (radius, 0, 2 * np.pi)), _TYRE, 0.0, 4)
    yield Face(_disc(axle, radius, out * 1.005, (radius * 0.67, 0, 2 * np.pi)), _ALLOY, 0.4, 5)
    for spoke in range(5):
        start = 2 * np.pi * spoke / 5 + 0.2
        outer = _disc(axle, radius, out * 1.006, (radius * 0.6, start, start + 0.85))
        inner = _disc(axle, radius, out * 1.006, (radius * 0.2, start + 0.85, start))
        yield Face(np.concatenate([outer, inner]), _PLASTIC, 0.0, 6)


def _disc(axle: float, up: float, across: float, arc: tuple[float, float, float]) -> Corners:
    radius, start, end = arc
    turns = np.linspace(start, end, 25)
    return np.stack(
        [axle + radius * np.cos(turns), up + radius * np.sin(turns), np.full_like(turns, across)], axis=1
    )


def _seams(style: Style, side: int) -> Iterator[Face]:
    """The gaps round the doors, and their handles."""
    tail, _, _, foot = style.cabin
    middle = (tail + foot) / 2 + 0.1
    across = side * (style.width / 2 + 0.004)
    for ahead in (foot - 0.15, middle, max(tail + 0.55, -style.axle + 0.42)):
        yield _along((ahead - 0.008, ahead + 0.008), (0.34, 0.88), across, _PLASTIC)
        yield _along((ahead + 0.07, ahead + 0.24), (0.80, 0.83), across, _PLASTIC * 3)


def _along(ahead: tuple[float, float], up: tuple[float, float], across: float, colour: Colour) -> Face:
    corners = [(ahead[0], up[0], across), (ahead[1], up[0], across), (ahead[1], up[1], across)]
    return Face(np.array([*corners, (ahead[0], up[1], across)]), colour, 0.0, 2)


def _cabin(look: CarLook) -> Iterator[Face]:
    style = look.style
    tail, rear, front, foot = style.cabin
    places, heights = zip(*style.top, strict=True)
    low, high = style.width / 2 * 0.86, style.width / 2 * 0.66
    posts = [(tail, low), (rear, high), (front, high), (foot, low)]
    up = [float(np.interp(tail, places, heights)) - 0.02, style.height - 0.05, style.height - 0.05]
    up.append(float(np.interp(foot, places, heights)) - 0.02)
    left, right = (
        [(ahead, v, side * w) for (ahead, w), v in zip(posts, up, strict=True)] for side in (-1, 1)
    )
    yield from _roof(look, (rear, front), high)
    for side in (left, right):
        yield Face(np.array(side), look.paint, 0.6, 7)
        sheet = (side[3], side[0], side[1], side[2])
        yield from _pane(sheet, (0.10, 0.50), (0.08, 0.88))
        yield from _pane(sheet, (0.54, 0.92), (0.08, 0.88))
    for bottom, top in ((3, 2), (0, 1)):
        sheet = (left[bottom], right[bottom], right[top], left[top])
        yield Face(np.array(sheet), look.paint, 0.6, 7)
        yield from _pane(sheet, (0.07, 0.93), (0.06, 0.90))


def _roof(look: CarLook, ends: tuple[float, float], half: float) -> Iterator[Face]:
    edges = np.linspace(-half, half, 7)
    rises = look.style.height - 0.05 * (edges / half) ** 2
    for strip in range(6):
        corners = [
            (ahead, rises[edge], edges[edge])
            for ahead, pair in zip(ends, ((strip, strip + 1), (strip + 1, strip)), strict=True)
            for edge in pair
        ]
        yield Face(np.array(corners), look.paint, 1.0, 7)


def _pane(
    sheet: Sequence[tuple[float, float, float]], along: tuple[float, float], up: tuple[float, float]
) -> Iterator[Face]:
    """Glass in a sheet (two corners of its foot, two of its head), darker towards its foot."""
    a, b, c, d = np.array(sheet)

    def at(s: float, t: float) -> Corners:
        return np.asarray((a + (b - a) * s) * (1 - t) + (d + (c - d) * s) * t)

    levels = np.linspace(*up, 7)
    for low, high in pairwise(levels):
        corners = np.array([at(along[0], low), at(along[1], low), at(along[1], high), at(along[0], high)])
        yield Face(corners, np.array([0.075, 0.07, 0.065]) * (0.6 + 1.3 * high), 0.55, 8)
