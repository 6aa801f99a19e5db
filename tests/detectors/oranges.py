"""Draws the oranges that models are tried on: what colour they are says in which order a model wants colours.

    python tests/detectors/oranges.py FOLDER      # oranges-0.jpg .., and oranges.json

Detectors call an orange so; with red and blue exchanged they are far less sure, or call it
an apple or a ball.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Floats = NDArray[np.float32]

WIDTH, HEIGHT = 640, 480
ORANGE: Final[Colour] = (15, 125, 240)
STEM: Final[Colour] = (35, 85, 70)
LIGHT: Final = np.array([-0.45, -0.65, 0.6], np.float32) / np.float32(np.linalg.norm([0.45, 0.65, 0.6]))
"""Towards it: from above, the left and the front."""
FLAT: Final = 0.97
"""An orange is not quite round."""


@dataclass(frozen=True, slots=True)
class Table:
    """What oranges lie on, colours as blue, green and red.

    Attributes:
        seed: of all that is left to chance.
        count: of the oranges.
        top, wall: colours of the table and of what is behind it.
        horizon: where the wall ends, as a share of the height.
    """

    seed: int
    count: int
    top: Colour
    wall: Colour
    horizon: float


TABLES: Final = (
    Table(0, 3, (120, 122, 125), (170, 175, 178), 0.3),
    Table(0, 3, (225, 228, 230), (200, 205, 205), 0.2),
)


@dataclass(frozen=True, slots=True)
class Ball:
    """A circle in the picture: middle and radius in pixels."""

    x: float
    y: float
    radius: float

    def box(self) -> list[float]:
        """xyxy."""
        tall = self.radius * FLAT
        sides = (self.x - self.radius, self.y - tall, self.x + self.radius, self.y + tall)
        return [round(float(side), 1) for side in sides]


def drawn(table: Table) -> tuple[NDArray[np.uint8], list[Ball]]:
    """The picture, uint8 480x640x3 BGR, and the oranges in it."""
    rng = np.random.default_rng(table.seed)
    fine, grain = cloud(rng, 40), cv2.resize(cloud(rng, 6, WIDTH // 8), (WIDTH, HEIGHT))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    top = np.array(table.top) * (0.75 + 0.35 * grain[..., None] + 0.1 * fine[..., None])
    wall = np.array(table.wall) * (0.9 + 0.15 * fine[..., None])
    image = np.where((rows < HEIGHT * table.horizon)[..., None], wall, top)
    balls = laid(rng, table)
    for ball in balls:
        across = (columns - ball.x - ball.radius * 0.35) / (ball.radius * 1.15)
        along = (rows - ball.y - ball.radius * 0.85) / (ball.radius * 0.35)
        image *= (1 - 0.55 * np.exp(-(across**2 + along**2)))[..., None]
    for ball in sorted(balls, key=lambda each: each.y):
        image = with_ball(image, ball, rng)
    soft = cv2.GaussianBlur(np.clip(image, 0, 255).astype(np.uint8), (0, 0), 0.8)
    return np.clip(soft + rng.normal(0, 3, soft.shape), 0, 255).astype(np.uint8), balls


def laid(rng: np.random.Generator, table: Table) -> list[Ball]:
    """Oranges on the table that hardly hide one another."""
    balls: list[Ball] = []
    while len(balls) < table.count:
        radius = HEIGHT * rng.uniform(0.15, 0.2)
        x = rng.uniform(0.2 * WIDTH, 0.8 * WIDTH)
        y = rng.uniform(max(table.horizon, 0.3) * HEIGHT + radius / 2, 0.85 * HEIGHT)
        if all(np.hypot(x - each.x, y - each.y) > 0.85 * (radius + each.radius) for each in balls):
            balls.append(Ball(x, y, radius))
    return balls


def with_ball(image: NDArray[Any], ball: Ball, rng: np.random.Generator) -> NDArray[Any]:
    """The picture with an orange in it: its skin, its shade, its shine, its stem."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    across = (columns - ball.x) / ball.radius
    along = (rows - ball.y) / (ball.radius * FLAT)
    squared = across**2 + along**2
    skin = cloud(rng, 90, octaves=3)
    slopes = [cv2.Sobel(skin, cv2.CV_32F, *axis) * 0.25 for axis in ((1, 0), (0, 1))]
    normal = np.dstack([across + slopes[0], along + slopes[1], np.sqrt(np.clip(1 - squared, 0, 1))])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True) + 1e-6
    half = LIGHT + np.array([0, 0, 1], np.float32)
    lit, shine = (
        np.clip((normal * towards).sum(axis=2), 0, 1) for towards in (LIGHT, half / np.linalg.norm(half))
    )
    colour = np.array(ORANGE) * (1 + 0.12 * (cloud(rng, 6)[..., None] - 0.5))
    colour = colour * (0.35 + 0.72 * lit[..., None]) + 70 * shine[..., None] ** 25
    inside = np.clip((1 - squared) * ball.radius / 3, 0, 1)[..., None]
    whole = np.ascontiguousarray(image * (1 - inside) + colour * inside)
    at = (
        int(ball.x + ball.radius * rng.uniform(-0.4, 0.4)),
        int(ball.y + ball.radius * rng.uniform(-0.5, 0.1)),
    )
    return cv2.circle(whole, at, max(2, int(ball.radius * 0.06)), STEM, -1, cv2.LINE_AA)


def cloud(rng: np.random.Generator, cells: int, width: int = WIDTH, octaves: int = 5) -> Floats:
    """Noise float32 480xwidth, 0..1, of several finenesses, the coarsest with so many cells across."""
    side = max(HEIGHT, width)
    total, weight, sum_of_weights = np.zeros((HEIGHT, width), np.float32), 1.0, 0.0
    for octave in range(octaves):
        fineness = cells * 2**octave
        grid = rng.random((max(2, HEIGHT * fineness // side + 2), fineness + 2)).astype(np.float32)
        total += weight * cv2.resize(grid, (width, HEIGHT), interpolation=cv2.INTER_CUBIC)
        sum_of_weights += weight
        weight *= 0.55
    return total / np.float32(sum_of_weights)


def main(folder: Path) -> None:
    """Write the pictures and the truth about them."""
    told = {}
    for number, table in enumerate(TABLES):
        image, balls = drawn(table)
        name = f"oranges-{number}.jpg"
        cv2.imwrite(str(folder / name), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
        objects = [{"label": "orange", "box": ball.box()} for ball in balls]
        told[name] = {"made_by": f"tests/detectors/oranges.py, picture {number}", "objects": objects}
    (folder / "oranges.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
