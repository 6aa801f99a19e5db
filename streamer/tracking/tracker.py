"""Follows the objects of one camera from detections and their times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME, empty
from streamer.tracking import motion
from streamer.tracking.association import NOBODY, Mask, Rows, Stage, assign
from streamer.tracking.motion import Columns
from streamer.tracking.tracks import STRONG, Tracks

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.config import TrackerConfig

Ints = NDArray[np.int64]

UNCONFIRMED: Final = -1

LIMIT: Final = 9.0
"""Surprise from which on a box is another object."""
WEAK_LIMIT: Final = 6.3
"""The same for a weak detection, which is more often none."""
HIDDEN_COST: Final = 4.0
"""Surprise added per second that the object was not seen: the longer, the likelier it is a new one."""
FLICKER_S: Final = 0.05
"""What was not confirmed before it went unseen for so long was a flicker."""
LATE_S: Final = 1e-6
"""Rounding error of differences of times."""


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is known of N objects, a column each.

    Attributes:
        states: [N,5,4], see ``motion``.
        ids: -1 until confirmed.
        groups: only detections of an object's group can be the object.
        hits: how often it was seen.
        first_s, last_s: media time of the first and the last sighting.
    """

    states: Columns
    ids: Ints
    groups: Ints
    hits: Ints
    first_s: Columns
    last_s: Columns

    def take(self, which: Mask) -> Objects:
        """The objects where ``which`` is true."""
        return Objects(
            self.states[which],
            self.ids[which],
            self.groups[which],
            self.hits[which],
            self.first_s[which],
            self.last_s[which],
        )

    def joined(self, other: Objects) -> Objects:
        """These objects, then the others."""
        return Objects(
            np.concatenate((self.states, other.states)),
            np.concatenate((self.ids, other.ids)),
            np.concatenate((self.groups, other.groups)),
            np.concatenate((self.hits, other.hits)),
            np.concatenate((self.first_s, other.first_s)),
            np.concatenate((self.last_s, other.last_s)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The detections of a frame, as the tracker needs them."""

    boxes: Columns
    strong: Mask
    groups: Ints


class Tracker:
    """Two-stage association in the manner of ByteTrack (Zhang et al., ECCV 2022), by time instead of frames.

    Confident detections are matched first, weak ones only continue what is left, and what is not confirmed
    comes last. Ids are ints from 1, one counter per tracker, and are never used again.
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
        found = self._found(detections)
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        # What doesn't happen in a frame costs nothing in it: most frames of most cameras are empty.
        if len(self._objects.ids):
            owners = self._follow(found, time_s, dt_s)
        else:
            owners = np.full(len(found.boxes), NOBODY, np.intp)
        born = (owners == NOBODY) & found.strong
        if born.any():
            owners[born] = len(self._objects.ids) + np.arange(born.sum())
            self._objects = self._objects.joined(started(found.boxes[born], found.groups[born], time_s))
        self._confirm(time_s)
        ids = np.append(self._objects.ids, UNCONFIRMED)[owners]
        return Tracks(time_s, replace(detections, tracker_id=ids), self._give_up(time_s))

    def expire(self, time_s: float) -> Tracks:
        """Give up what was not seen for too long; no frame came.

        Args:
            time_s: media time that it would be now, seconds.
        """
        return Tracks(time_s, replace(empty(), tracker_id=np.empty(0, np.int64)), self._give_up(time_s))

    def _follow(self, found: Found, time_s: float, dt_s: float) -> Rows:
        """Move the objects on, and say which detection is which of them."""
        objects = self._objects
        states = motion.predicted(objects.states, dt_s)
        hidden_s = np.maximum(time_s - dt_s - objects.last_s, 0.0)
        owners = assign(_costs(states, objects.groups, hidden_s, found), _stages(objects, found))
        seen = owners != NOBODY
        if seen.any():
            rows = owners[seen]
            states[rows] = motion.corrected(states[rows], found.boxes[seen])
            objects.hits[rows] += 1
            objects.last_s[rows] = time_s
        self._objects = replace(objects, states=states)
        return owners

    def _found(self, detections: Detections) -> Found:
        count = len(detections)
        confidence = np.ones(count) if detections.confidence is None else detections.confidence
        names = np.asarray(detections.data[CLASS_NAME]).tolist() if count else []
        groups = [self._groups.setdefault(name, len(self._groups)) for name in names]
        return Found(
            boxes=detections.xyxy.astype(np.float64),
            strong=np.asarray(detections.data.get(STRONG, confidence >= self._config.high_confidence)),
            groups=np.array(groups, np.int64),
        )

    def _confirm(self, time_s: float) -> None:
        """Give ids to what was seen often and long enough, and now."""
        objects, config = self._objects, self._config
        ripe = np.flatnonzero(
            (objects.ids == UNCONFIRMED)
            & (objects.last_s == time_s)
            & (objects.hits >= config.confirm_hits)
            & (time_s - objects.first_s >= config.confirm_s - LATE_S)
        )
        objects.ids[ripe] = self._last_id + 1 + np.arange(len(ripe))
        self._last_id += len(ripe)

    def _give_up(self, time_s: float) -> tuple[int, ...]:
        objects = self._objects
        patience_s = np.where(objects.ids == UNCONFIRMED, FLICKER_S, self._config.lost_s)
        lost = time_s - objects.last_s > patience_s + LATE_S
        if not lost.any():
            return ()
        self._objects = objects.take(~lost)
        return tuple(each for each in objects.ids[lost].tolist() if each != UNCONFIRMED)


def started(boxes: Columns, groups: Ints, time_s: float) -> Objects:
    """Objects seen for the first time, in boxes [N,4]."""
    count = len(boxes)
    return Objects(
        states=motion.started(boxes),
        ids=np.full(count, UNCONFIRMED, np.int64),
        groups=groups,
        hits=np.ones(count, np.int64),
        first_s=np.full(count, time_s),
        last_s=np.full(count, time_s),
    )


def _costs(states: Columns, groups: Ints, hidden_s: Columns, found: Found) -> Columns:
    costs = motion.surprise(states, found.boxes) + HIDDEN_COST * hidden_s[:, None]
    costs[groups[:, None] != found.groups[None]] = np.inf
    return costs


def _stages(objects: Objects, found: Found) -> tuple[Stage, ...]:
    confirmed = objects.ids != UNCONFIRMED
    return (
        Stage(confirmed, found.strong, LIMIT),
        Stage(confirmed, ~found.strong, WEAK_LIMIT),
        Stage(~confirmed, found.strong, LIMIT),
    )
