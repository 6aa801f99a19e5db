"""What can happen to a camera itself: it is covered, it freezes, it loses its focus."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.options import StreetOptions

_COVER: Final = (14, 30)
"""Grey levels of something close before the lens, from one edge to the other: a little light leaks in."""

_BLUR_SHARE: Final = 1 / 110
"""Deviation of the blur, as a share of the picture's width."""


def taken(options: StreetOptions, index: int) -> int:
    """The picture that the camera gives at ``index``: while it is frozen, the one it froze at."""
    frozen = options.frozen
    if frozen is None or not frozen.holds(index / options.fps):
        return index
    return math.ceil(frozen.start_s * options.fps)


def is_covered(options: StreetOptions, time_s: float) -> bool:
    return options.covered is not None and options.covered.holds(time_s)


def seen_through(options: StreetOptions, image: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
    """The picture as it falls on the sensor."""
    if is_covered(options, time_s):
        tones = np.linspace(*_COVER, image.shape[1]).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(tones[None, :, None], image.shape))
    if options.blurred is not None and options.blurred.holds(time_s):
        blurred = cv2.GaussianBlur(image, (0, 0), max(image.shape[1] * _BLUR_SHARE, 2.0))
        return np.asarray(blurred, np.uint8)
    return image
