"""Solids drawn into a buffer of depth, slope and paint: orthographic, one body at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.skins import Parameter, Skin, block_skin, cone_skin, ellipsoid_skin, open_front
from streamer.capture.street.solids import (
    Block,
    Cone,
    Ellipsoid,
    Placed,
    Placing,
    Solid,
    placed_blocks,
    placed_cones,
    placed_ellipsoids,
)

Floats: TypeAlias = NDArray[np.floating]
Formula: TypeAlias = Callable[[Floats, Floats, tuple[Parameter, ...]], Skin]

FAR: Final = 1e6

_SMALL_PX: Final = 2500
"""Solids with fewer pixels are computed together: one call of numpy costs as much as some thousand pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What is nearest at each pixel.

    Attributes:
        depth: float32 [H, W], ``FAR`` where nothing is.
        slope: float32 [2, H, W], the unit normal's x and y; its third part looks at the camera.
        paint: uint16 [H, W], which colour of ``palette``.
        cover: float32 [H, W], 0..1, the share of the pixel that is covered.
        palette: float32 [P, 3], BGR 0..1, unlit.
    """

    depth: Floats
    slope: Floats
    paint: NDArray[np.uint16]
    cover: Floats
    palette: Floats

    def cropped(self, rows: slice, columns: slice) -> "Surface":
        """The part of the surface in a rectangle."""
        return Surface(
            self.depth[rows, columns],
            self.slope[:, rows, columns],
            self.paint[rows, columns],
            self.cover[rows, columns],
            self.palette,
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """The rectangle of a surface that a solid may reach, and the solid's number among its kind."""

    number: int
    left: int
    top: int
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height


def surface(solids: Sequence[Solid], placing: Placing, width: int, height: int) -> Surface:
    """Draws the solids."""
    cones = [solid for solid in solids if isinstance(solid, Cone)]
    balls = [solid for solid in solids if isinstance(solid, Ellipsoid)]
    blocks = [solid for solid in solids if isinstance(solid, Block)]
    fronts = [ball.colour if ball.open_front is None else ball.open_front for ball in balls]
    colours = [solid.colour for group in (cones, balls, blocks) for solid in group] + fronts
    target = Surface(
        np.full((height, width), FAR, np.float32),
        np.zeros((2, height, width), np.float32),
        np.zeros((height, width), np.uint16),
        np.zeros((height, width), np.float32),
        np.array(colours, np.float32).reshape(-1, 3),
    )
    if cones:
        _draw_all(target, placed_cones(cones, placing), cone_skin, 0)
    if balls:
        placed = placed_ellipsoids(balls, placing)
        _draw_all(target, placed, ellipsoid_skin, len(cones))
        opened = [number for number, ball in enumerate(balls) if ball.open_front is not None]
        _open_fronts(target, placed, opened, (len(cones), len(cones) + len(balls) + len(blocks)))
    if blocks:
        _draw_blocks(target, placed_blocks(blocks, placing), len(cones) + len(balls))
    return target


def _windows(placed: Placed, shape: tuple[int, ...]) -> list[_Window]:
    low = np.maximum(placed.low.astype(int) - 1, 0)
    size = np.minimum(placed.high.astype(int) + 2, (shape[1], shape[0])) - low
    rows = zip(low.tolist(), size.tolist(), strict=True)
    windows = [_Window(number, *place, *extent) for number, (place, extent) in enumerate(rows)]
    return [window for window in windows if window.width > 0 and window.height > 0]


def _grid(window: _Window) -> tuple[Floats, Floats]:
    x = np.arange(window.left, window.left + window.width, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(window.top, window.top + window.height, dtype=np.float32)[:, None] + np.float32(0.5)
    return x, y


def _draw_all(target: Surface, placed: Placed, formula: Formula, paint: int) -> None:
    small: list[_Window] = []
    for window in _windows(placed, target.depth.shape):
        if window.area <= _SMALL_PX:
            small.append(window)
        else:
            skin = formula(*_grid(window), tuple(placed.parameters[window.number].tolist()))
            _put(target, window, skin, paint + window.number)
    if small:
        _draw_small(target, placed, formula, (small, paint))


def _draw_small(target: Surface, placed: Placed, formula: Formula, group: tuple[list[_Window], int]) -> None:
    """Computes small solids of one kind in one go, their pixels one after the other."""
    windows, paint = group
    areas = [window.area for window in windows]
    starts = np.cumsum([0, *areas[:-1]])
    places = [(window.left, window.top, window.width) for window in windows]
    left, top, width, start = np.repeat(np.column_stack([places, starts]).T, areas, axis=1)
    row, column = np.divmod(np.arange(sum(areas)) - start, width)
    x, y = (left + column + 0.5).astype(np.float32), (top + row + 0.5).astype(np.float32)
    values = placed.parameters[[window.number for window in windows]].T.astype(np.float32)
    skin = formula(x, y, tuple(np.repeat(values, areas, axis=1)))
    for window, begin in zip(windows, starts.tolist(), strict=True):
        _put(target, window, skin.part(begin, window.height, window.width), paint + window.number)


def _open_fronts(target: Surface, placed: Placed, opened: list[int], paints: tuple[int, int]) -> None:
    """Paints the strips down the front of balls; ``paints`` are the first of balls and of strips."""
    for window in _windows(placed, target.depth.shape):
        if window.number in opened:
            place = _place(window)
            centre, axes = placed.parameters[window.number, :3], placed.axes[window.number]
            strip = open_front(*_grid(window), target.depth[place], centre, axes)
            paint = target.paint[place]
            paint[strip & (paint == paints[0] + window.number)] = paints[1] + window.number


def _draw_blocks(target: Surface, placed: Placed, paint: int) -> None:
    for window in _windows(placed, target.depth.shape):
        skin = block_skin(*_grid(window), placed.parameters[window.number], placed.axes[window.number])
        _put(target, window, skin, paint + window.number)


def _place(window: _Window) -> tuple[slice, slice]:
    return slice(window.top, window.top + window.height), slice(window.left, window.left + window.width)


def _put(target: Surface, window: _Window, skin: Skin, paint: int) -> None:
    """Keeps what is nearer than before."""
    place = _place(window)
    before = target.depth[place]
    nearer = (skin.cover > 0) & (skin.depth < before)
    covered = target.cover[place]
    np.maximum(covered, skin.cover, out=covered)
    np.copyto(before, skin.depth, where=nearer)
    np.copyto(target.slope[(0, *place)], skin.normal_x, where=nearer)
    np.copyto(target.slope[(1, *place)], skin.normal_y, where=nearer)
    np.copyto(target.paint[place], np.uint16(paint), where=nearer)
