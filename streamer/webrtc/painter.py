"""Draws a camera's scene and what is found in it into its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from streamer.publish.annotate import Annotator, colour_of
from streamer.webrtc.motion import Motion, Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from supervision import Detections

    from streamer.frame import Frame
    from streamer.webrtc.results import Result

ROWS_PER_LINE: Final = 480
"""A line is one pixel wide for so many rows of the picture, begun or whole."""


class Painter:
    """Belongs to one thread at a time."""

    def __init__(self, scene: Mapping[str, Any]) -> None:
        """
        Args:
            scene: ``zones`` and ``lines``, in shares of the picture; see ``scene_of``.
        """
        self._zones = [(zone["name"], np.array(zone["points"], float)) for zone in scene.get("zones", ())]
        self._lines = [(line["name"], np.array(line["points"], float)) for line in scene.get("lines", ())]
        self._annotator = Annotator()
        self._motion = Motion()

    def painted(self, frame: Frame, latest: Result | None) -> NDArray[np.uint8]:
        """A picture with everything drawn in, uint8 HxWx3 BGR, of its own.

        Args:
            frame: the picture; it is not changed.
            latest: the result for it, or the newest one before; its frame may be of another size.
        """
        if latest is not None:
            self._motion.note(latest)
        image = frame.image.copy()
        self._paint_scene(image)
        shown = self._motion.at(frame.pts)
        if shown is not None:
            self._annotator.draw(image, _fitted(shown, image), predicted=shown.predicted)
        return image

    def _paint_scene(self, image: NDArray[np.uint8]) -> None:
        height, width = image.shape[:2]
        thickness = -(-height // ROWS_PER_LINE)
        for shapes, closed in ((self._zones, True), (self._lines, False)):
            for name, points in shapes:
                corners = np.rint(points * (width - 1, height - 1)).astype(np.int32)
                cv2.polylines(image, [corners], closed, colour_of(name, -1), thickness, cv2.LINE_AA)


def _fitted(shown: Shown, image: NDArray[np.uint8]) -> Detections:
    """Boxes in the pixels of an image, uint8 HxWx3, of whatever size."""
    frame, found = shown.frame, shown.detections
    height, width = image.shape[:2]
    if (width, height) == (frame.width, frame.height):
        return found
    across, down = width / frame.width, height / frame.height
    return replace(found, xyxy=found.xyxy * np.array((across, down, across, down), np.float32))
