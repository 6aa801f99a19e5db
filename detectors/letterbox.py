"""Fits a picture of any shape into a model's input, and boxes back into the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.pixels import scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from detectors.pixels import Pixels


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a picture lies within a model's input.

    Attributes:
        scale_x: input pixels per picture pixel, across.
        scale_y: the same, down; differs from ``scale_x`` by less than a pixel's rounding unless stretched.
        pad_x: input pixels left of the picture; negative where its left is cut off.
        pad_y: the same, above it.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """

    scale_x: float
    scale_y: float
    pad_x: float
    pad_y: float
    width: int
    height: int

    def forward(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N,4] xyxy in picture pixels, as float32 in input pixels."""
        return (boxes * self._scale() + self._shift()).astype(np.float32)

    def inverse(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N,4] xyxy in input pixels, as float32 in picture pixels, clipped to the picture."""
        inside: NDArray[np.float32] = (boxes - self._shift()) / self._scale()
        # np.clip does the same with ten times the Python.
        np.maximum(inside, 0, out=inside)
        np.minimum(inside, np.array([self.width, self.height] * 2, np.float32), out=inside)
        return inside

    def _scale(self) -> NDArray[np.float32]:
        return np.array([self.scale_x, self.scale_y, self.scale_x, self.scale_y], np.float32)

    def _shift(self) -> NDArray[np.float32]:
        return np.array([self.pad_x, self.pad_y, self.pad_x, self.pad_y], np.float32)


def place(width: int, height: int, spec: InputSpec) -> Letterbox:
    """Where a picture of this size goes in the model's input."""
    if spec.letterbox.mode == "stretch":
        return Letterbox(spec.width / width, spec.height / height, 0, 0, width, height)
    if spec.letterbox.mode == "crop":
        left, top, right, bottom = _middle(width, height, spec)
        scale_x, scale_y = spec.width / (right - left), spec.height / (bottom - top)
        return Letterbox(scale_x, scale_y, -left * scale_x, -top * scale_y, width, height)
    scale = min(spec.width / width, spec.height / height)
    # A sliver of 4000 x 2 pixels must keep at least one row.
    inner_width, inner_height = max(round(width * scale), 1), max(round(height * scale), 1)
    pad_x = pad_y = 0
    if spec.letterbox.mode == "centre":
        pad_x, pad_y = (spec.width - inner_width) // 2, (spec.height - inner_height) // 2
    # The rounded size, not the ideal scale, is what pixels were mapped with: only so is the inverse exact.
    return Letterbox(inner_width / width, inner_height / height, pad_x, pad_y, width, height)


def fit(picture: Pixels, spec: InputSpec) -> tuple[NDArray[np.uint8], Letterbox]:
    """Resize and pad a picture of at least one pixel into the input of a model.

    Args:
        picture: of any size.
        spec: the input of the model.

    Returns:
        uint8 ``spec.height`` x ``spec.width`` x 3, BGR, and where the picture lies in it.
    """
    box = place(picture.width, picture.height, spec)
    canvas = np.empty((spec.height, spec.width, 3), np.uint8)
    if spec.letterbox.mode == "crop":
        left, top, right, bottom = _middle(picture.width, picture.height, spec)
        scaled(
            picture.bgr()[top:bottom, left:right], (spec.width, spec.height), spec.letterbox.scaling, canvas
        )
        return canvas, box
    left, top = int(box.pad_x), int(box.pad_y)
    right = left + round(picture.width * box.scale_x)
    bottom = top + round(picture.height * box.scale_y)
    # Straight into its place: no second copy of the picture.
    picture.scale_into(canvas[top:bottom, left:right], spec.letterbox.scaling)
    canvas[:top] = canvas[bottom:] = spec.letterbox.pad
    canvas[top:bottom, :left] = canvas[top:bottom, right:] = spec.letterbox.pad
    return canvas, box


def _middle(width: int, height: int, spec: InputSpec) -> tuple[int, int, int, int]:
    """The part of a picture that ``crop`` shows: left, top, right and bottom in its pixels."""
    scale = max(spec.width / width, spec.height / height) / spec.letterbox.shown
    across, down = max(round(spec.width / scale), 1), max(round(spec.height / scale), 1)
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down
