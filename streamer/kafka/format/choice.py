"""Which results of a camera go on the bus."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from detectors.detections import CLASS_NAME
from streamer.config.bus import per_second

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class Choice:
    """Chooses results by ``kafka.detections``; one for all cameras."""

    def __init__(self, how_often: str) -> None:
        """
        Args:
            how_often: ``all``, ``changes``, ``off``, or a rate like ``5/s``.
        """
        self._how_often = how_often
        self._rate = per_second(how_often)
        self._seen: dict[str, Counter[tuple[str, int]]] = {}
        self._due_s: dict[str, float] = {}

    def wants(self, frame: Frame, tracks: Tracks) -> bool:
        """Whether the result of this frame, the camera's next, is sent."""
        if self._rate is not None:
            return self._is_due(frame, 1 / self._rate)
        if self._how_often == "changes":
            return self._changed(frame.camera, tracks)
        return self._how_often == "all"

    def _is_due(self, frame: Frame, every_s: float) -> bool:
        due_s = self._due_s.get(frame.camera, frame.time_s)
        if frame.time_s < due_s:
            return False
        # In step with the rate, but nothing is made up for after a pause.
        self._due_s[frame.camera] = max(due_s + every_s, frame.time_s)
        return True

    def _changed(self, camera: str, tracks: Tracks) -> bool:
        """Whether other objects are followed than before; those that are not yet come and go."""
        found = tracks.detections
        ids = [] if found.tracker_id is None else found.tracker_id.tolist()
        labels = np.asarray(found.data[CLASS_NAME]).tolist() if ids else []
        seen = Counter((label, track) for label, track in zip(labels, ids, strict=True) if track >= 0)
        before = self._seen.get(camera)
        self._seen[camera] = seen
        return seen != before
