"""A figure at its place in the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.figure import Figure
from streamer.capture.street.walk import Walker


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A person or a thing, ready to be laid over the picture.

    Attributes:
        away_m: distance along the viewing direction.
        left: of the patch in the picture, pixels; may lie outside.
        top: of the patch in the picture, pixels; may lie outside.
        pixels: uint8 [H, W, 4] patch, BGR multiplied by the cover, and the cover.
        walker: the person; None for a thing that stands on the street.
        phase: of the person's gait, 0..1.
    """

    away_m: float
    left: int
    top: int
    pixels: NDArray[np.uint8]
    walker: Walker | None = None
    phase: float = 0.0


def layer_of(
    figure: Figure, walker: Walker, phase: float, foot: tuple[float, float], scale: float, away_m: float, shape: tuple[int, ...]
) -> Layer | None:
    """Scales a figure so that its foot point falls on ``foot``; None where it misses the picture."""
    ratio = scale / figure.scale
    x, y = foot[0] - figure.foot[0] * ratio, foot[1] - figure.foot[1] * ratio
    left, top = int(np.floor(x)) - 1, int(np.floor(y)) - 1
    height, width = figure.pixels.shape[:2]
    size = int(width * ratio) + 4, int(height * ratio) + 4
    if left >= shape[1] or top >= shape[0] or left + size[0] <= 0 or top + size[1] <= 0:
        return None
    shift = (ratio - 1) / 2
    matrix = np.array([[ratio, 0, x - left + shift], [0, ratio, y - top + shift]])
    pixels = cv2.warpAffine(figure.pixels, matrix, size, flags=cv2.INTER_LINEAR)
    return Layer(away_m, left, top, pixels, walker, phase)


def window(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where patch and picture meet: rows and columns of the picture, rows and columns of the patch."""
    height, width = layer.pixels.shape[:2]
    top, bottom = max(layer.top, 0), min(layer.top + height, shape[0])
    left, right = max(layer.left, 0), min(layer.left + width, shape[1])
    inner = slice(top - layer.top, bottom - layer.top), slice(left - layer.left, right - layer.left)
    return (slice(top, bottom), slice(left, right)), inner


def meet(one: Layer, other: Layer) -> bool:
    """Whether the patches overlap."""
    return (
        one.left < other.left + other.pixels.shape[1]
        and other.left < one.left + one.pixels.shape[1]
        and one.top < other.top + other.pixels.shape[0]
        and other.top < one.top + one.pixels.shape[0]
    )


def paste(image: NDArray[np.uint8], layer: Layer) -> None:
    """Lays the patch over the picture, in place."""
    outer, inner = window(layer, image.shape)
    patch = layer.pixels[inner]
    clear = 255 - patch[..., 3]
    under = cv2.multiply(image[outer], cv2.merge([clear, clear, clear]), scale=1 / 255)
    image[outer] = cv2.add(under, patch[..., :3])
