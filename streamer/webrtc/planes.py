"""Pictures as an encoder takes them: three planes of even size, in memory of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from streamer.capture.pixels import FULL_RANGE, VideoPixels, plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.frame import Frame

FORMAT: Final = "yuv420p"
FULL_RANGE_FORMAT: Final = "yuvj420p"
LIMITED_RANGE: Final = 1
BT_601: Final = 6
"""AVCOL_SPC_SMPTE170M: what OpenCV converts to."""


class Planes:
    """Makes them; one for each encoder, whose picture is the same memory again and again.

    An encoder without delay keeps nothing of a picture that it was given.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._own: av.VideoFrame | None = None

    def of(self, frame: Frame, image: NDArray[np.uint8] | None) -> av.VideoFrame:
        """The picture of a frame, valid until the next one is made; its time and kind may be set.

        Args:
            frame: what was decoded; it is not changed.
            image: uint8 HxWx3 BGR, what is shown in its place.
        """
        pixels = frame.pixels
        decoded = pixels.upright if image is None and isinstance(pixels, VideoPixels) else None
        if decoded is None:
            return self._of_image(frame.image if image is None else image)
        width, height = decoded.width // 2 * 2, decoded.height // 2 * 2
        if decoded.format.name not in (FORMAT, FULL_RANGE_FORMAT):
            made = self._reformatter.reformat(decoded, format=FORMAT, threads=1)
            # An odd row or column is cut off: to scale the whole picture for it would cost more.
            decoded, colours = made, (int(made.colorspace), int(made.color_range))
        else:
            full = decoded.format.name == FULL_RANGE_FORMAT
            colours = int(decoded.colorspace), FULL_RANGE if full else int(decoded.color_range)
        own = self._sized(width, height, colours)
        for number in range(3):
            target = plane(own, number)
            target[:] = plane(decoded, number)[: target.shape[0], : target.shape[1]]
        return own

    def _of_image(self, image: NDArray[np.uint8]) -> av.VideoFrame:
        height, width = (edge // 2 * 2 for edge in image.shape[:2])
        own = self._sized(width, height, (BT_601, LIMITED_RANGE))
        stacked = cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420).reshape(-1)
        begin = 0
        for number in range(3):
            target = plane(own, number)
            target[:] = stacked[begin : begin + target.size].reshape(target.shape)
            begin += target.size
        return own

    def _sized(self, width: int, height: int, colours: tuple[int, int]) -> av.VideoFrame:
        own = self._own
        if own is None or (own.width, own.height) != (width, height):
            own = self._own = av.VideoFrame(width, height, FORMAT)
        own.colorspace, own.color_range = colours
        return own
