"""A small grey picture of a frame, on which a camera's health is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.frame import Frame

WIDTH: Final = 320
HEIGHT: Final = 180
"""Whatever the picture's shape: only pictures of the same camera are compared."""


def look(frame: Frame) -> NDArray[np.uint8]:
    """The frame in grey, uint8 [HEIGHT, WIDTH]; the same frame gives the same bytes.

    It is sampled, not averaged, so that the sensor's noise stays: by it a live picture is known.
    """
    small = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    frame.pixels.scale_into(small)
    return cast("NDArray[np.uint8]", cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
