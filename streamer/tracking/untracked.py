"""For those who want no tracks: every object stands alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.detections import empty
from streamer.tracking.tracks import Tracks

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.pixels import Pixels

NOT_FOLLOWED = -1


class Untracked:
    """Follows nothing; takes a tracker's place."""

    def update(self, time_s: float, detections: Detections, picture: Pixels | None = None) -> Tracks:
        ids = np.full(len(detections), NOT_FOLLOWED, np.int64)
        return Tracks(time_s, replace(detections, tracker_id=ids), ())

    def expire(self, time_s: float) -> Tracks:
        return self.update(time_s, empty())
