"""House fronts: plaster or brick, windows, doors and shops, as one long texture."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]
Colour: TypeAlias = tuple[float, ...]

_WALLS = [
    (0.62, 0.72, 0.78), (0.52, 0.60, 0.70), (0.70, 0.74, 0.76), (0.30, 0.36, 0.52), (0.26, 0.30, 0.46),
    (0.60, 0.62, 0.62), (0.58, 0.70, 0.76), (0.48, 0.58, 0.56), (0.66, 0.62, 0.56),
]  # fmt: skip
_FRAMES = [(0.85, 0.86, 0.86), (0.25, 0.22, 0.2), (0.2, 0.3, 0.42), (0.55, 0.58, 0.6)]


def front_picture(
    low: float, high: float, height_m: float, ppm: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """A row of houses from ``low`` to ``high`` metres.

    Returns:
        The texture, float32 [H, W, 3] BGR 0..1, its first row at the top, and the share that is not
        air [H, W].
    """
    rows, columns = int(height_m * ppm), int((high - low) * ppm)
    wall = np.zeros((rows, columns, 3), np.float32)
    solid = np.zeros((rows, columns), np.float32)
    left = 0
    while left < columns:
        right = min(left + int(rng.uniform(6.5, 12.5) * ppm), columns)
        floors = int(rng.integers(2, 5))
        top = max(rows - int((3.4 + 3.0 * floors + 0.4) * ppm), 0)
        _house(wall[top:, left:right], ppm, rng)
        solid[top:, left:right] = 1
        left = right
    return wall, solid


def _house(wall: Floats, ppm: int, rng: np.random.Generator) -> None:
    rows, columns = wall.shape[:2]
    wall[:] = np.array(_WALLS[int(rng.integers(len(_WALLS)))]) * rng.uniform(0.85, 1.1)
    if rng.random() < 0.45:
        _brick(wall, ppm, rng)
    rough = rng.standard_normal((rows // 24 + 2, columns // 24 + 2), np.float32)
    fine = rng.standard_normal((rows, columns), np.float32)
    wall *= (1 + 0.035 * cv2.resize(rough, (columns, rows)) + 0.03 * fine)[..., None]
    ground = rows - int(3.3 * ppm)
    frame = _FRAMES[int(rng.integers(len(_FRAMES)))]
    wall[: int(0.25 * ppm)] *= 0.7
    wall[ground : ground + int(0.18 * ppm)] *= 0.82
    pitch = int(rng.uniform(1.9, 2.6) * ppm)
    size = int(rng.uniform(1.0, 1.3) * ppm), int(rng.uniform(1.4, 1.8) * ppm)
    for bottom in range(ground - int(0.75 * ppm), size[1], -int(3.0 * ppm)):
        for middle in range(pitch // 2, columns - pitch // 3, pitch):
            _window(wall, (middle - size[0] // 2, bottom - size[1]), size, frame, rng)
    if rng.random() < 0.5:
        _shop(wall, ground, ppm, rng)
    else:
        _home(wall, ppm, (size[0], int(1.5 * ppm)), frame, rng)
    wall[-int(0.45 * ppm) :] *= 0.8


def _brick(wall: Floats, ppm: int, rng: np.random.Generator) -> None:
    course, length = max(ppm // 10, 3), max(ppm // 4, 6)
    for row in range(0, wall.shape[0], course):
        tones = 1 + 0.1 * rng.standard_normal(wall.shape[1] // length + 2)
        line = np.repeat(tones, length)[(row // course % 2) * length // 2 :][: wall.shape[1]]
        wall[row : row + course] *= line.astype(np.float32)[None, :, None]
        wall[row] *= 1.18


def _glass(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A dark room behind a pane that mirrors some of the sky."""
    rows, columns = shape
    down = np.linspace(1, 0, rows, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, columns, dtype=np.float32)[None]
    mirror = np.clip(down * rng.uniform(0.2, 0.6) + across * rng.uniform(-0.25, 0.25), 0, 1)
    tone = 0.10 + rng.uniform(0.1, 0.45) * mirror
    return tone[..., None] * np.array([1.12, 1.02, 0.92], np.float32)


def _window(
    wall: Floats, at: tuple[int, int], size: tuple[int, int], frame: Colour, rng: np.random.Generator
) -> None:
    left, top = at
    pane = wall[max(top, 0) : top + size[1], max(left, 0) : left + size[0]]
    if min(pane.shape[:2]) < 12:
        return
    edge = max(size[0] // 14, 2)
    wall[top + size[1] : top + size[1] + edge * 2, max(left - edge, 0) : left + size[0] + edge] = 0.72
    wall[
        top + size[1] + edge * 2 : top + size[1] + edge * 4, max(left - edge, 0) : left + size[0] + edge
    ] *= 0.7
    pane[:] = _glass(pane.shape[:2], rng)
    if rng.random() < 0.55:
        cover = int(pane.shape[1] * rng.uniform(0.12, 0.3))
        cloth = rng.uniform(0.45, 0.75) * np.array([0.95, 0.98, 1.0])
        folds = 1 + 0.12 * np.sin(np.arange(pane.shape[1]) * rng.uniform(0.5, 1.2))
        curtain = (cloth[None] * folds[:, None]).astype(np.float32)
        pane[:, :cover], pane[:, -cover:] = curtain[:cover], curtain[-cover:]
    pane[:edge] = pane[-edge:] = frame
    pane[:, :edge] = pane[:, -edge:] = frame
    middle = pane.shape[1] // 2
    pane[:, middle - edge // 2 : middle + edge // 2 + 1] = frame
    pane[edge : edge * 2, edge:-edge] *= 0.55


def _door(wall: Floats, left: int, ppm: int, rng: np.random.Generator) -> None:
    door = wall[-int(2.3 * ppm) : -int(0.12 * ppm), left : left + int(1.05 * ppm)]
    if min(door.shape[:2]) < 20:
        return
    colour = rng.uniform(0.12, 0.5, 3) * np.array([0.9, 0.9, 1.0])
    door[:] = colour
    edge = max(ppm // 12, 2)
    door[:edge], door[:, :edge], door[:, -edge:] = 0.7, 0.7, 0.7
    third = door.shape[0] // 3
    for row in (third // 3, third + third // 4, 2 * third + third // 5):
        panel = door[row : row + third * 2 // 3, edge * 3 : -edge * 3]
        panel *= 0.82
        panel[:2] *= 0.7
    if rng.random() < 0.6:
        light = door[third // 3 : third, edge * 3 : -edge * 3]
        light[:] = _glass(light.shape[:2], rng)


def _home(wall: Floats, ppm: int, size: tuple[int, int], frame: Colour, rng: np.random.Generator) -> None:
    place = int(rng.uniform(0.1, 0.75) * wall.shape[1])
    for left in range(int(0.7 * ppm), wall.shape[1] - size[0], int(2.3 * ppm)):
        if abs(left - place) > 1.5 * ppm:
            _window(wall, (left, wall.shape[0] - int(0.95 * ppm) - size[1]), size, frame, rng)
    _door(wall, place, ppm, rng)


def _shop(wall: Floats, ground: int, ppm: int, rng: np.random.Generator) -> None:
    colour = rng.uniform(0.1, 0.6, 3)
    left, right = int(0.4 * ppm), wall.shape[1] - int(0.4 * ppm)
    top, bottom = ground + int(0.9 * ppm), wall.shape[0] - int(0.5 * ppm)
    wall[ground + int(0.2 * ppm) :, left:right] = colour
    sign = wall[ground + int(0.28 * ppm) : ground + int(0.8 * ppm), left + 4 : right - 4]
    sign[:] = colour * 0.8
    _lettering(sign, rng)
    x = left + int(0.2 * ppm)
    while x + ppm < right:
        width = min(int(rng.uniform(1.5, 2.4) * ppm), right - x - 6)
        pane = wall[top:bottom, x : x + width]
        pane[:] = _glass(pane.shape[:2], rng)
        _goods(pane, rng)
        x += width + int(0.12 * ppm)
    _door(wall, int(left + max(right - left - 1.2 * ppm, 0) * rng.random()), ppm, rng)


def _goods(pane: Floats, rng: np.random.Generator) -> None:
    shelf = int(pane.shape[0] * 0.7)
    x = 4
    while x < pane.shape[1] - 6:
        width, tall = int(rng.integers(6, 22)), int(rng.integers(8, 34))
        pane[shelf - tall : shelf, x : x + width] = rng.uniform(0.15, 0.6, 3)
        x += width + int(rng.integers(2, 14))
    pane[shelf : shelf + 4] = 0.35


def _lettering(sign: Floats, rng: np.random.Generator) -> None:
    if sign.shape[0] < 8 or sign.shape[1] < 40:
        return
    word = "".join(rng.choice(list("AEIORSTLNMBKC"), size=int(rng.integers(4, 9))))
    layer = np.zeros(sign.shape[:2], np.uint8)
    place = sign.shape[1] // 5, int(sign.shape[0] * 0.78)
    cv2.putText(layer, word, place, cv2.FONT_HERSHEY_DUPLEX, sign.shape[0] / 32, 255, 2, cv2.LINE_AA)
    sign += (0.88 - sign) * (layer[..., None] / np.float32(255))
