"""Pictures of people: lit, in the size and pose asked for, drawn once per step of the gait."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.body import HEIGHT_M, Pose, body, facing
from streamer.capture.street.light import Light
from streamer.capture.street.shading import folds, lit
from streamer.capture.street.solids import Placing
from streamer.capture.street.surface import surface
from streamer.capture.street.wardrobe import Look

PHASES: Final = 16
TURNS: Final = 24
TILT_STEP: Final = np.deg2rad(9)
SCALES: Final = (28, 40, 56, 80, 113, 160, 226)
"""Pixels per metre at which figures are drawn; the picture shows them reduced."""

_FACE_SCALE: Final = 50
_CACHE_BYTES: Final = 32 * 2**20
_HALF_WIDTH_M: Final = 0.85
_ABOVE_M: Final = 2.1
_BELOW_M: Final = 0.45


@dataclass(frozen=True, slots=True)
class FigureKey:
    """Which picture of a person: everything but the look."""

    identity: int
    scale: int
    phase: int
    turn: int
    tilt: int


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A lit person before nothing.

    Attributes:
        pixels: uint8 [H, W, 4], BGR multiplied by the cover, and the cover.
        scale: pixels per metre.
        foot: x and y, pixels, of the ground under the body's middle.
    """

    pixels: NDArray[np.uint8]
    scale: int
    foot: tuple[float, float]


class Wardrobe:
    """Figures already drawn, bounded in bytes; the longest unused goes first."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._figures: OrderedDict[FigureKey, Figure] = OrderedDict()
        self._bytes = 0

    def figure(self, look: Look, key: FigureKey) -> Figure:
        """The figure for a key, drawn when it is not at hand; a function of its arguments alone."""
        known = self._figures.get(key)
        if known is not None:
            self._figures.move_to_end(key)
            return known
        figure = draw(look, key, self._light)
        self._figures[key] = figure
        self._bytes += figure.pixels.nbytes
        while self._bytes > _CACHE_BYTES and len(self._figures) > 1:
            self._bytes -= self._figures.popitem(last=False)[1].pixels.nbytes
        return figure


def key_for(identity: int, pose: Pose, pixels_per_m: float) -> FigureKey:
    """The drawn figure nearest to a pose, at least as fine as the picture needs where there is one."""
    finer = [scale for scale in SCALES if scale >= pixels_per_m * 0.95]
    return FigureKey(
        identity,
        finer[0] if finer else SCALES[-1],
        round(pose.phase * PHASES) % PHASES,
        round(pose.turn / (2 * np.pi) * TURNS) % TURNS,
        round(pose.tilt / TILT_STEP),
    )


def draw(look: Look, key: FigureKey, light: Light) -> Figure:
    """Draws and lights one figure."""
    pose = Pose(key.phase / PHASES, key.turn * 2 * np.pi / TURNS, key.tilt * float(TILT_STEP))
    width = round(2 * _HALF_WIDTH_M * key.scale)
    height = round((_ABOVE_M + _BELOW_M) * key.scale)
    foot = np.array([width / 2, _ABOVE_M * key.scale, 0.0])
    placing = Placing(facing(pose) * (key.scale * look.height_m / HEIGHT_M), foot)
    shape = surface(body(look, pose, fine=key.scale >= _FACE_SCALE), placing, width, height)
    rows, columns = shape.cover.max(axis=1).nonzero()[0], shape.cover.max(axis=0).nonzero()[0]
    top, left = max(int(rows[0]) - 3, 0), max(int(columns[0]) - 3, 0)
    part = shape.cropped(slice(top, int(rows[-1]) + 4), slice(left, int(columns[-1]) + 4))
    pixels = lit(part, key.scale, light, folds(look.grain, part.cover.shape, key.scale))
    return Figure(pixels, key.scale, (float(foot[0] - left), float(foot[1] - top)))
