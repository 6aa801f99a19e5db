"""Cut-out pictures and how they are laid over a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A cut-out and its place in a picture, which it may leave on any side.

    Attributes:
        left: of the cut-out in the picture, pixels.
        top: of the cut-out in the picture, pixels.
        pixels: uint8 [H, W, 4], BGR multiplied by the cover, and the cover.
    """

    left: int
    top: int
    pixels: NDArray[np.uint8]

    def within(self, left: int, top: int, width: int, height: int) -> "Patch | None":
        """The part of the cut-out inside a rectangle of the picture, or None; its pixels are a view."""
        own_height, own_width = self.pixels.shape[:2]
        first_x, last_x = max(self.left, left), min(self.left + own_width, left + width)
        first_y, last_y = max(self.top, top), min(self.top + own_height, top + height)
        if first_x >= last_x or first_y >= last_y:
            return None
        rows = slice(first_y - self.top, last_y - self.top)
        return Patch(first_x, first_y, self.pixels[rows, first_x - self.left : last_x - self.left])


def enlarged(pixels: NDArray[np.uint8], ratio: float, corner: tuple[float, float]) -> Patch:
    """A cut-out resized by ``ratio``, its first pixel's corner at ``corner`` (x, y)."""
    left, top = int(np.floor(corner[0])) - 1, int(np.floor(corner[1])) - 1
    height, width = pixels.shape[:2]
    size = int(width * ratio) + 4, int(height * ratio) + 4
    # Pixel centres, which OpenCV counts from 0, lie half a pixel inside their corners.
    shift = (ratio - 1) / 2
    matrix = np.array([[ratio, 0, corner[0] - left + shift], [0, ratio, corner[1] - top + shift]])
    resized = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR)
    return Patch(left, top, np.asarray(resized, np.uint8))


def paste(image: NDArray[np.uint8], patch: Patch) -> None:
    """Lays the cut-out over the picture, in place."""
    inner = patch.within(0, 0, image.shape[1], image.shape[0])
    if inner is None:
        return
    height, width = inner.pixels.shape[:2]
    under = image[inner.top : inner.top + height, inner.left : inner.left + width]
    clear = cv2.bitwise_not(inner.pixels[..., 3])
    faded = cv2.multiply(under, cv2.merge([clear, clear, clear]), scale=1 / 255)
    under[...] = cv2.add(faded, inner.pixels[..., :3])


def toned(patch: Patch, factors: NDArray[np.floating]) -> Patch:
    """The cut-out in another light, BGR ``factors``."""
    scale = np.diag([*np.asarray(factors, np.float64).tolist(), 1.0])
    return Patch(patch.left, patch.top, np.asarray(cv2.transform(patch.pixels, scale), np.uint8))


def veiled(patch: Patch, before: Patch) -> Patch:
    """What is left of a cut-out when another one stands before it; itself when they do not meet."""
    height, width = patch.pixels.shape[:2]
    veil = before.within(patch.left, patch.top, width, height)
    if veil is None or not veil.pixels[..., 3].any():
        return patch
    pixels = patch.pixels.copy()
    rows = slice(veil.top - patch.top, veil.top - patch.top + veil.pixels.shape[0])
    columns = slice(veil.left - patch.left, veil.left - patch.left + veil.pixels.shape[1])
    clear = cv2.bitwise_not(veil.pixels[..., 3])
    pixels[rows, columns] = cv2.multiply(pixels[rows, columns], cv2.merge([clear] * 4), scale=1 / 255)
    return Patch(patch.left, patch.top, pixels)
