"""The followed objects of a frame, a column each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME
from streamer.rules.geometry import Boxes, Floats, Mask, feet
from streamer.tracking.tracks import PLACE, STANDS

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """N objects as of one frame.

    Attributes:
        tracks, labels: ids and class names.
        boxes: [N,4] x1, y1, x2, y2 in pixels; of what stands the whole, however little is seen of it now.
        feet: [N,2] the middle of the boxes' lower edges, in shares of the picture.
        confidence: [N], 0..1.
        stands: [N] things that stay where they are.
        time_s, at: of the frame, media time and UTC.
        size: width and height of the frame.
    """

    tracks: list[int]
    labels: list[str]
    boxes: Boxes
    feet: Floats
    confidence: NDArray[np.float32]
    stands: Mask
    time_s: float
    at: datetime
    size: tuple[int, int]

    def take(self, which: Mask) -> Seen:
        """The objects where ``which`` is true."""
        return replace(
            self,
            tracks=[each for each, taken in zip(self.tracks, which, strict=True) if taken],
            labels=[each for each, taken in zip(self.labels, which, strict=True) if taken],
            boxes=self.boxes[which],
            feet=self.feet[which],
            confidence=self.confidence[which],
            stands=self.stands[which],
        )


def seen_in(frame: Frame, tracks: Tracks) -> Seen:
    """The objects of a frame that have a track."""
    found, size = tracks.detections, (frame.width, frame.height)
    ids = np.empty(0, np.int64) if found.tracker_id is None else found.tracker_id
    confidence = np.ones(len(ids), np.float32) if found.confidence is None else found.confidence
    names = np.asarray(found.data[CLASS_NAME]) if len(ids) else np.empty(0, np.str_)
    boxes = np.asarray(found.data.get(PLACE, found.xyxy), np.float64)
    stands = np.asarray(found.data.get(STANDS, np.zeros(len(ids))), np.bool_)
    followed = ids >= 0
    if not followed.all():
        ids, names, boxes = ids[followed], names[followed], boxes[followed]
        confidence, stands = confidence[followed], stands[followed]
    return Seen(
        tracks=ids.tolist(),
        labels=names.tolist(),
        boxes=boxes,
        feet=feet(boxes, size),
        confidence=confidence,
        stands=stands,
        time_s=frame.time_s,
        at=frame.captured_at,
        size=size,
    )
