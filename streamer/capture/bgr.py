"""Decoded pictures as BGR arrays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray

ROTATIONS: Final = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class BgrConverter:
    """Converts as FFmpeg does, by the matrix and range that the stream states (BT.601 where it doesn't).

    One for each stream: it keeps the scaler's tables from picture to picture.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """The picture, uint8 HxWx3 BGR, contiguous, upright as the stream's display matrix says."""
        with self._lock:
            # The scaler's default is a pool of threads, which costs twice the CPU time.
            converted = self._reformatter.reformat(frame, format="bgr24", threads=1)
        image = np.ascontiguousarray(cast("NDArray[np.uint8]", converted.to_ndarray()))
        rotation = ROTATIONS.get(frame.rotation % 360)
        return image if rotation is None else cast("NDArray[np.uint8]", cv2.rotate(image, rotation))
