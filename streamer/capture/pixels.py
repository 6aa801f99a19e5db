"""Decoded pictures, converted to BGR only as far as somebody looks: scaled in the planes they came in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from detectors.pixels import scaled

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray

    from detectors.pixels import Scaling

ROTATIONS: Final = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
PLANAR: Final = frozenset(
    {"yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p"}
)
"""Formats of three planes of bytes."""
FULL_RANGE: Final = 2
"""AVCOL_RANGE_JPEG of libavutil/pixfmt.h."""
LUMA_WEIGHTS: Final = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
"""Shares of red and blue by AVColorSpace: BT.709, FCC, SMPTE 240M, BT.2020 (ITU-T H.273, table 4)."""
BT_601: Final = (0.299, 0.114)


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


class VideoPixels:
    """A picture as its decoder left it; see ``Pixels``.

    A model's input is scaled plane by plane and only then converted: few pixels, and no whole picture in
    BGR on the way, which costs twice as much when the caches are cold.
    """

    def __init__(self, frame: VideoFrame, to_bgr: BgrConverter) -> None:
        self._frame = frame
        self._to_bgr = to_bgr
        self._rotation = ROTATIONS.get(frame.rotation % 360)
        self._bgr: NDArray[np.uint8] | None = None

    @property
    def width(self) -> int:
        return self._frame.height if self._lies else self._frame.width

    @property
    def height(self) -> int:
        return self._frame.width if self._lies else self._frame.height

    @property
    def upright(self) -> VideoFrame | None:
        """The frame as it was decoded, never to be changed; None where it has yet to be turned."""
        return self._frame if self._rotation is None else None

    def bgr(self) -> NDArray[np.uint8]:
        if self._bgr is None:
            self._bgr = self._to_bgr(self._frame)
        return self._bgr

    def scale_into(self, target: NDArray[np.uint8], scaling: Scaling = "linear") -> None:
        size = (target.shape[1], target.shape[0])
        if self._rotation is not None or self._frame.format.name not in PLANAR:
            scaled(self.bgr(), size, scaling, target)
            return
        planes = [scaled(plane(self._frame, number), size, scaling) for number in range(3)]
        cv2.transform(cv2.merge(planes), bgr_matrix(self._frame), dst=target)

    @property
    def _lies(self) -> bool:
        return self._rotation in (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_90_CLOCKWISE)


def plane(frame: VideoFrame, number: int) -> NDArray[np.uint8]:
    """One plane of a frame, uint8 [h, w]; a view that keeps the frame alive."""
    samples = frame.planes[number]
    rows = np.frombuffer(samples, np.uint8)  # type: ignore[call-overload]  # a Plane is a buffer
    return cast("NDArray[np.uint8]", rows.reshape(samples.height, samples.line_size)[:, : samples.width])


def bgr_matrix(frame: VideoFrame) -> NDArray[np.float32]:
    """[3, 4] from Y, Cb, Cr and 1 to B, G, R, all 0..255, by the frame's matrix and range (ITU-T H.273)."""
    red, blue = LUMA_WEIGHTS.get(int(frame.colorspace), BT_601)
    full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
    luma, chroma, black = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
    to_blue, to_red = 2 * (1 - blue) * chroma, 2 * (1 - red) * chroma
    green = 1 - red - blue
    linear = np.array(
        [
            [luma, to_blue, 0],
            [luma, -to_blue * blue / green, -to_red * red / green],
            [luma, 0, to_red],
        ]
    )
    shift = linear @ np.array([-black, -128.0, -128.0])
    return np.concatenate((linear, shift[:, None]), axis=1).astype(np.float32)
