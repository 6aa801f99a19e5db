"""The followed objects of a frame, a column each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME
from streamer.rules.geometry import Boxes, Floats, feet

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """N objects as of one frame.

    Attributes:
        tracks, labels: ids and class names.
        boxes: [N,4] x1, y1, x2, y2 in pixels.
        feet: [N,2] the middle of the boxes' lower edges, in shares of the picture.
        confidence: [N], 0..1.
        time_s, at: of the frame, media time and UTC.
        size: width and height of the frame.
    """

    tracks: list[int]
    labels: list[str]
    boxes: Boxes
    feet: Floats
    confidence: NDArray[np.float32]
    time_s: float
    at: datetime
    size: tuple[int, int]


def seen_in(frame: Frame, tracks: Tracks) -> Seen:
    """The objects of a frame that have a track."""
    found, size = tracks.detections, (frame.width, frame.height)
    ids = np.empty(0, np.int64) if found.tracker_id is None else found.tracker_id
    confidence = np.ones(len(ids), np.float32) if found.confidence is None else found.confidence
    names = np.asarray(found.data[CLASS_NAME]) if len(ids) else np.empty(0, np.str_)
    boxes = found.xyxy
    followed = ids >= 0
    if not followed.all():
        ids, names, boxes = ids[followed], names[followed], boxes[followed]
        confidence = confidence[followed]
    return Seen(
        tracks=ids.tolist(),
        labels=names.tolist(),
        boxes=boxes,
        feet=feet(boxes, size),
        confidence=confidence,
        time_s=frame.time_s,
        at=frame.captured_at,
        size=size,
    )
