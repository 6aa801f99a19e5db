"""Annotated pictures for the bus: small enough for it, and readable at that size."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from streamer.publish.annotate import Annotator

if TYPE_CHECKING:
    from streamer.config.bus import JpegConfig
    from streamer.frame import Frame
    from streamer.publish.annotate import Image
    from streamer.tracking.tracks import Tracks


class JpegPictures:
    """Scales, draws and encodes; blocking, and for any thread."""

    def __init__(self, config: JpegConfig) -> None:
        self._config = config
        self._annotator = Annotator()
        self._drawing = threading.Lock()

    def jpeg(self, frame: Frame, tracks: Tracks) -> bytes:
        """The frame as a JPEG picture with its objects drawn in, at most as wide as configured.

        Lines and names are drawn after scaling, so that they read the same at every size.

        Args:
            tracks: what was found in that frame.
        """
        found = tracks.detections
        image = self._scaled(frame)
        factors = np.array([image.shape[1] / frame.width, image.shape[0] / frame.height] * 2, np.float32)
        with self._drawing:
            # An annotator belongs to one thread at a time; drawing is a small part of the work.
            self._annotator.draw(image, replace(found, xyxy=found.xyxy * factors))
        _, encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, self._config.quality))
        return encoded.tobytes()

    def _scaled(self, frame: Frame) -> Image:
        """A picture of our own, never larger than the frame."""
        width = self._config.width
        if frame.width <= width:
            return frame.image.copy()
        image = np.empty((max(1, round(frame.height * width / frame.width)), width, 3), np.uint8)
        frame.pixels.scale_into(image)
        return image
