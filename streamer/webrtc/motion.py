"""Where objects are in the pictures between those that were looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from supervision import Detections

    from streamer.frame import Frame
    from streamer.webrtc.results import Result

STALE_TICKS: Final = 2 * PTS_CLOCK_HZ
"""Boxes that are older are not shown any more."""
LONGEST_STEP_TICKS: Final = PTS_CLOCK_HZ
"""Between results that are further apart, nobody knows how an object moved."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is drawn into a picture.

    Attributes:
        frame: they were found in, or in one of its size.
        detections: boxes in the pixels of that.
        predicted: they were found in another picture.
    """

    frame: Frame
    detections: Detections
    predicted: bool


class Motion:
    """Moves followed objects on as they moved between the latest two results."""

    def __init__(self) -> None:
        self._latest: Result | None = None
        self._speeds: NDArray[np.float32] = np.zeros((0, 4), np.float32)

    def note(self, result: Result) -> None:
        """The next result."""
        if result is not self._latest:
            self._speeds = _speeds(self._latest, result)
            self._latest = result

    def at(self, pts: int) -> Shown | None:
        """The objects of a picture; None where nothing is known of that time."""
        latest = self._latest
        if latest is None or abs(pts - latest.frame.pts) > STALE_TICKS:
            return None
        ticks = pts - latest.frame.pts
        if not ticks:
            return Shown(latest.frame, latest.detections, predicted=False)
        moved = latest.detections.xyxy + self._speeds * np.float32(ticks)
        return Shown(latest.frame, replace(latest.detections, xyxy=moved), predicted=True)


def _speeds(before: Result | None, now: Result) -> NDArray[np.float32]:
    """Pixels per tick of each edge, float32 [n, 4]; 0 for what was not followed."""
    speeds = np.zeros((len(now.detections), 4), np.float32)
    ids = now.detections.tracker_id
    if before is None or before.detections.tracker_id is None or ids is None:
        return speeds
    ticks = now.frame.pts - before.frame.pts
    if not 0 < ticks <= LONGEST_STEP_TICKS:
        return speeds
    places = {int(track): place for place, track in enumerate(before.detections.tracker_id) if track >= 0}
    for place, track in enumerate(ids):
        if (then := places.get(int(track))) is not None:
            speeds[place] = (now.detections.xyxy[place] - before.detections.xyxy[then]) / ticks
    return speeds
