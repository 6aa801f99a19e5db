"""Training samples: pictures scaled, flipped, tinted and put together, their boxes with them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from trainer.nano.dataset import Flags, Floats, Image, Ints, Picture

GREY = 114
# What remains of an object after a cut: below the first share it is gone, below the second it is ignored.
GONE, CUT = 0.05, 0.25


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the sample, in its pixels: x1 <= x < x2, y1 <= y < y2."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture comes to lie: scaled by (`scale_x`, `scale_y`), its corner at (`left`, `top`)."""

    scale_x: float
    scale_y: float
    left: float
    top: float
    flipped: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A window of a sample with the objects in it, in the sample's pixels."""

    window: Window
    boxes: Floats
    classes: Ints
    ignored: Flags
    labelled: Flags


@dataclass(frozen=True, slots=True)
class Sample:
    """A square uint8 [S, S, 3] BGR image and its parts."""

    image: Image
    parts: tuple[Part, ...]


def mosaic(pictures: Sequence[Picture], size: int, rng: np.random.Generator) -> Sample:
    """Four pictures around a random point, each cut to its quarter, at the scale they have in use or more."""
    canvas = np.full((size, size, 3), GREY, np.uint8)
    x, y = (int(value) for value in rng.uniform(0.3 * size, 0.7 * size, 2))
    windows = Window(0, 0, x, y), Window(x, 0, size, y), Window(0, y, x, size), Window(x, y, size, size)
    parts = []
    for picture, window in zip(pictures, windows, strict=True):
        height, width = picture.image.shape[:2]
        least = 0.85 * max(window.width / width, window.height / height)
        scale = _between(rng, least, max(least, 0.92))
        parts.append(paste(picture, _placed(picture, window, scale, rng), window, canvas))
    return Sample(tint(canvas, rng), tuple(parts))


def single(picture: Picture, size: int, rng: np.random.Generator) -> Sample:
    """One picture, from 0.6 to 1.35 times the scale at which the letterbox would put it into 320 pixels."""
    canvas = np.full((size, size, 3), GREY, np.uint8)
    window = Window(0, 0, size, size)
    scale = _between(rng, 0.6, 1.35) * min(320, 1.1 * size) / max(picture.image.shape[:2])
    part = paste(picture, _placed(picture, window, scale, rng), window, canvas)
    return Sample(tint(canvas, rng), (part,))


def tint(image: Image, rng: np.random.Generator) -> Image:
    """Another exposure, gamma and white balance; now and then no colour at all."""
    levels = (np.arange(256) / 255) ** _between(rng, 0.8, 1.25) * 255
    gains = rng.uniform(0.75, 1.25) * rng.uniform(0.93, 1.07, 3)
    table = levels[:, None] * gains + rng.uniform(-18, 18)
    image = np.asarray(cv2.LUT(image, table.clip(0, 255).astype(np.uint8)[None]), np.uint8)
    if rng.random() < 0.08:
        image = np.asarray(
            cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8
        )
    return image


def paste(picture: Picture, placement: Placement, window: Window, canvas: Image) -> Part:
    """Draw the picture into the window of the canvas; its boxes go through the same transform."""
    boxes = _moved(picture, placement)
    shift = picture.image.shape[1] * placement.scale_x if placement.flipped else 0.0
    # Pixel centres lie at +0.5: without the half pixels boxes and pixels drift apart by scale / 2.
    across = -placement.scale_x if placement.flipped else placement.scale_x
    matrix = np.array(
        [
            [across, 0, placement.left + shift - window.x1 + 0.5 * across - 0.5],
            [0, placement.scale_y, placement.top - window.y1 + 0.5 * placement.scale_y - 0.5],
        ]
    )
    canvas[window.y1 : window.y2, window.x1 : window.x2] = cv2.warpAffine(
        picture.image, matrix, (window.width, window.height), flags=cv2.INTER_LINEAR, borderValue=(GREY,) * 3
    )
    return _cut(picture, boxes, window)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _placed(picture: Picture, window: Window, scale: float, rng: np.random.Generator) -> Placement:
    """A random place at about `scale`: the larger of window and picture covers the smaller."""
    stretch = math.exp(rng.uniform(-0.12, 0.12))
    scale_x, scale_y = scale * stretch, scale / stretch
    room_x = window.width - picture.image.shape[1] * scale_x
    room_y = window.height - picture.image.shape[0] * scale_y
    left = window.x1 + rng.uniform(min(0.0, room_x), max(0.0, room_x))
    top = window.y1 + rng.uniform(min(0.0, room_y), max(0.0, room_y))
    return Placement(scale_x, scale_y, left, top, bool(rng.random() < 0.5))


def _moved(picture: Picture, placement: Placement) -> Floats:
    scale_x, scale_y = placement.scale_x, placement.scale_y
    boxes = picture.boxes * np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
    if placement.flipped:
        boxes[:, [0, 2]] = picture.image.shape[1] * scale_x - boxes[:, [2, 0]]
    corner = placement.left, placement.top
    return np.asarray(boxes + np.array([*corner, *corner], np.float32), np.float32)


def _cut(picture: Picture, boxes: Floats, window: Window) -> Part:
    """The objects of which something is left in the window."""
    low = np.array([window.x1, window.y1, window.x1, window.y1], np.float32)
    high = np.array([window.x2, window.y2, window.x2, window.y2], np.float32)
    whole = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    boxes = boxes.clip(low, high)
    sides = boxes[:, 2:] - boxes[:, :2]
    share = np.prod(sides, axis=1) / np.maximum(whole, 1e-6)
    kept = (sides.min(axis=1, initial=np.inf) > 1) & (share > GONE)
    unclear = (share < CUT) | (sides.min(axis=1, initial=np.inf) < 2.5) | (sides.max(axis=1, initial=0) < 5)
    ignored = picture.ignored | unclear
    return Part(window, boxes[kept], picture.classes[kept], ignored[kept], picture.labelled)
