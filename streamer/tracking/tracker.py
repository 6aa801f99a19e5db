"""Follows the objects of one camera from detections and their times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME, empty
from streamer.tracking import motion
from streamer.tracking.association import assign, overlaps
from streamer.tracking.motion import Columns, Motion
from streamer.tracking.tracks import Tracks

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.config import TrackerConfig

Rows = NDArray[np.intp]

UNCONFIRMED: Final = -1
LEAST_OVERLAP: Final = 0.1
LEAST_OVERLAP_WEAK: Final = 0.3
TENTATIVE_S: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is known of N objects, a column each.

    Attributes:
        motion: where they are.
        ids: int [N], -1 until confirmed.
        groups: int [N]; only detections of an object's group can be the object.
        hits: int [N], how often it was seen.
        first_s, last_s: [N], media time of the first and the last sighting.
    """

    motion: Motion
    ids: NDArray[np.int64]
    groups: NDArray[np.int64]
    hits: NDArray[np.int64]
    first_s: Columns
    last_s: Columns

    def take(self, which: Rows | NDArray[np.bool_]) -> Objects:
        """The objects at these rows."""
        return Objects(
            self.motion.take(which),
            self.ids[which],
            self.groups[which],
            self.hits[which],
            self.first_s[which],
            self.last_s[which],
        )

    def joined(self, other: Objects) -> Objects:
        """These objects, then the others."""
        return Objects(
            self.motion.joined(other.motion),
            np.concatenate((self.ids, other.ids)),
            np.concatenate((self.groups, other.groups)),
            np.concatenate((self.hits, other.hits)),
            np.concatenate((self.first_s, other.first_s)),
            np.concatenate((self.last_s, other.last_s)),
        )


class Tracker:
    """Two-stage association in the manner of ByteTrack (Zhang et al., ECCV 2022), by time instead of frames.

    Confident detections are matched first, weak ones only continue what is left. Ids are ints from 1, one
    counter per tracker, and are never used again.
    """

    def __init__(self, config: TrackerConfig) -> None:
        self._config = config
        self._objects = started(np.empty((0, 4)), np.empty(0, np.int64), 0.0)
        self._time_s: float | None = None
        self._last_id = 0
        self._groups: dict[str, int] = {}

    def update(self, time_s: float, detections: Detections) -> Tracks:
        """Follow the objects into the next frame.

        Args:
            time_s: media time of the frame, seconds; does not fall.
            detections: what was found in it, with ``data["class_name"]``.

        Returns:
            The same detections, in the same order, with ``tracker_id``.
        """
        boxes = detections.xyxy.astype(np.float64)
        scores = np.ones(len(boxes)) if detections.confidence is None else detections.confidence
        groups = self._groups_of(detections)
        objects = self._predict(time_s)

        owners = np.full(len(boxes), -1, np.intp)
        strong = scores >= self._config.high_confidence
        for stage, least in ((strong, LEAST_OVERLAP), (~strong, LEAST_OVERLAP_WEAK)):
            self._match(objects, (boxes, groups), (owners, stage), least)
        # Most frames bring nothing new: what doesn't happen in a frame must not cost in it.
        if len(seen := np.flatnonzero(owners >= 0)):
            self._see(objects, owners[seen], boxes[seen], time_s)
        if len(born := np.flatnonzero((owners < 0) & strong)):
            owners[born] = len(objects.ids) + np.arange(len(born))
            objects = objects.joined(started(boxes[born], groups[born], time_s))
        self._confirm(objects, time_s)

        ids = np.append(objects.ids, UNCONFIRMED)[owners]
        return Tracks(time_s, replace(detections, tracker_id=ids), self._give_up(objects, time_s))

    def expire(self, time_s: float) -> Tracks:
        """Give up what was not seen for too long; no frame came.

        Args:
            time_s: media time that it would be now, seconds.
        """
        found = empty()
        found.tracker_id = np.empty(0, np.int64)
        return Tracks(time_s, found, self._give_up(self._objects, time_s))

    def _groups_of(self, detections: Detections) -> NDArray[np.int64]:
        names = detections.data[CLASS_NAME] if len(detections) else ()
        return np.array([self._groups.setdefault(str(name), len(self._groups)) for name in names], np.int64)

    def _predict(self, time_s: float) -> Objects:
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        if not len(self._objects.ids):
            return self._objects
        return replace(self._objects, motion=motion.predicted(self._objects.motion, dt_s))

    def _match(
        self,
        objects: Objects,
        found: tuple[Columns, NDArray[np.int64]],
        owners_stage: tuple[Rows, NDArray[np.bool_]],
        least: float,
    ) -> None:
        (boxes, groups), (owners, stage) = found, owners_stage
        rows = np.flatnonzero(stage)
        if not len(rows) or not len(objects.ids):
            return
        # One more place than objects: where the detections that nobody owns (-1) point to.
        taken = np.zeros(len(objects.ids) + 1, np.bool_)
        taken[owners] = True
        free = np.flatnonzero(~taken[:-1])
        if not len(free):
            return
        similarity = overlaps(objects.motion.boxes()[free], boxes[rows])
        similarity[objects.groups[free][:, None] != groups[rows][None]] = -1.0
        matches = assign(similarity, least)
        owners[rows[matches.detections]] = free[matches.objects]

    def _see(self, objects: Objects, rows: Rows, boxes: Columns, time_s: float) -> None:
        corrected = motion.corrected(objects.motion.take(rows), boxes)
        objects.motion.put(rows, corrected)
        objects.hits[rows] += 1
        objects.last_s[rows] = time_s

    def _confirm(self, objects: Objects, time_s: float) -> None:
        config = self._config
        tentative = objects.ids == UNCONFIRMED
        if not tentative.any():
            return
        ripe = (
            tentative
            & (objects.last_s == time_s)
            & (objects.hits >= config.confirm_hits)
            & (objects.last_s - objects.first_s >= config.confirm_s - 1e-6)
        )
        count = int(ripe.sum())
        objects.ids[ripe] = self._last_id + 1 + np.arange(count)
        self._last_id += count

    def _give_up(self, objects: Objects, time_s: float) -> tuple[int, ...]:
        patience = np.where(objects.ids == UNCONFIRMED, TENTATIVE_S, self._config.lost_s)
        lost = time_s - objects.last_s > patience
        if not lost.any():
            self._objects = objects
            return ()
        self._objects = objects.take(~lost)
        return tuple(int(each) for each in objects.ids[lost] if each != UNCONFIRMED)


def started(boxes: Columns, groups: NDArray[np.int64], time_s: float) -> Objects:
    """Objects seen for the first time, in boxes [N,4]."""
    count = len(boxes)
    return Objects(
        motion=motion.started(boxes),
        ids=np.full(count, UNCONFIRMED, np.int64),
        groups=groups,
        hits=np.ones(count, np.int64),
        first_s=np.full(count, time_s),
        last_s=np.full(count, time_s),
    )
