"""Pictures as a decoder leaves them, made here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange

from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.webrtc.feed import Unit

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def frame_of(decoded: av.VideoFrame, pts: int, camera: str = "gate") -> Frame:
    pixels = VideoPixels(decoded, BgrConverter())
    at = BEGAN + timedelta(seconds=pts / PTS_CLOCK_HZ)
    return Frame(camera, pts // 3000, pts, at, time.monotonic(), pixels)


def decoded_as(image: np.ndarray, pixel_format: str) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    full = ColorRange.JPEG if pixel_format.startswith("yuvj") else ColorRange.MPEG
    made = frame.reformat(format=pixel_format, dst_color_range=full)
    made.pts = 7
    return made


def landscape(width: int, height: int) -> np.ndarray:
    """Colours that change slowly, so that coding changes them little."""
    corners = np.random.default_rng(3).integers(30, 220, (3, 4, 3)).astype(np.uint8)
    return cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)


def noise(width: int, height: int, count: int) -> Iterator[np.ndarray]:
    """Pictures that cost an encoder all that it is given."""
    random = np.random.default_rng(5)
    for _ in range(count):
        small = random.integers(0, 255, (height // 4, width // 4, 3)).astype(np.uint8)
        yield cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


class Player:
    """Decodes units as a viewer does who has seen nothing before."""

    def __init__(self) -> None:
        self.decoder = av.CodecContext.create("h264", "r")

    def show(self, unit: Unit) -> av.VideoFrame:
        (picture,) = self.decoder.decode(av.Packet(unit.data))
        return picture
