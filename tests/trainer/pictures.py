"""Small pictures of two or three kinds, which any features tell apart."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

KINDS = ("stripes", "dots", "plain")


def drawn(kind: str, seed: int, side: int = 48) -> NDArray[np.uint8]:
    """A picture uint8 side x side x 3 on noise; its place and colours are by chance."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    image = rng.integers(0, 60, (side, side, 3)).astype(np.uint8)
    colour = tuple(int(value) for value in rng.integers(140, 255, 3))
    if kind == "stripes":
        for x in range(int(rng.integers(0, 8)), side, 8):
            cv2.line(image, (x, 0), (x + int(rng.integers(-6, 6)), side), colour, 2)
    if kind == "dots":
        for x, y in rng.integers(4, side - 4, (12, 2)):
            cv2.circle(image, (int(x), int(y)), 3, colour, -1)
    return image


def write_set(folder: Path, count: int, kinds: tuple[str, ...] = KINDS[:2], first: int = 0) -> Path:
    """Class folders with ``count`` pictures each."""
    for kind in kinds:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + count):
            cv2.imwrite(str(folder / kind / f"{seed:03}.png"), drawn(kind, seed))
    return folder
