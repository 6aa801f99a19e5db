"""Objects that stand and are not seen at present, each remembered at its place."""

from __future__ import annotations

from typing import Final

import numpy as np

from streamer.config.tree import StationaryConfig
from streamer.tracking.association import Mask
from streamer.tracking.motion import Columns
from streamer.tracking.objects import Ints, Objects, started
from streamer.tracking.places import AWAY_S, INSIDE, PART_IOU, SAME_IOU, overlaps, parked, shows

NOT_PARKED: Final = -1

EMPTY_S: Final = 10.0
"""People, animals and things that only stopped are forgotten once their place was empty for so long, and
nothing stood before it."""
BEFORE: Final = 0.2
"""Share of a place that a box covers which may hide what is there."""
WITHIN: Final = 0.8
"""Share of a place that lies in that of a larger thing from which on it may be a piece of that."""
COVERED_S: Final = 3.0
"""So long the whole has to be seen before what was taken for another thing is known to be its piece."""
LONGEST_GLANCE_S: Final = 1.0
"""One look at an empty place says nothing of a longer time before it."""


class Memory:
    """What stands and is not seen, until it is found again or forgotten."""

    def __init__(self, config: StationaryConfig) -> None:
        self._after_s = config.after
        self._keep_s = config.keep
        self.objects = started(np.empty((0, 4)), np.empty(0, np.int64), 0.0)
        self._living = np.empty(0, np.bool_)
        self._empty_s, self._covered_s = np.empty(0), np.empty(0)

    def __len__(self) -> int:
        return len(self.objects.ids)

    def add(self, objects: Objects, living: Mask) -> None:
        """Remember these; ``living`` [N] leave by themselves."""
        self.objects = self.objects.joined(objects)
        self._living = np.concatenate((self._living, living))
        self._empty_s = np.concatenate((self._empty_s, np.zeros(len(living))))
        self._covered_s = np.concatenate((self._covered_s, np.zeros(len(living))))

    def look(self, boxes: Columns, dt_s: float) -> None:
        """Note which places are empty: none of the boxes [M,4] of everything detected stands before them."""
        if len(self):
            _, covered = overlaps(self.objects.places[:, None], boxes[None])
            empty = covered.max(axis=1, initial=0.0) < BEFORE
            self._empty_s += np.where(empty, min(dt_s, LONGEST_GLANCE_S), 0.0)

    def cover(self, wholes: Objects, dt_s: float) -> None:
        """Note which remembered things were pieces of these, which stand and are seen.

        Such a whole is larger, and appeared where the piece is while that was seen; what covers a thing
        because it drove before it was seen elsewhere, and what comes later replaced it.
        """
        if not len(self) or not len(wholes.ids):
            return
        pieces = self.objects
        _, inside = overlaps(pieces.places[:, None], wholes.places[None])
        native = wholes.since_s - wholes.first_s <= AWAY_S
        meanwhile = wholes.first_s[None] - pieces.last_s[:, None] <= EMPTY_S
        same = pieces.groups[:, None] == wholes.groups[None]
        covered = (inside >= WITHIN) & native[None] & meanwhile & same
        self._covered_s += np.where(covered.any(axis=1) & ~self._living, min(dt_s, LONGEST_GLANCE_S), 0.0)

    def things(self) -> Objects:
        """Those that do not leave by themselves."""
        return self.objects.take(~self._living)

    def parked(self, after_s: float) -> list[int]:
        """The ids of those that had stayed at their place for so long."""
        ids: list[int] = self.objects.ids[parked(self.objects, after_s)].tolist()
        return ids

    def claims(self, boxes: Columns, groups: Ints, others: Columns) -> Ints:
        """Which remembered object each of these may be, or ``NOT_PARKED``; int [R].

        It is at the place and of the same size; or it is the part that shows beside something else.

        Args:
            boxes, groups: [R,4], [R] of objects that are not known yet.
            others: [M,4], everything detected.
        """
        claimed = np.full(len(boxes), NOT_PARKED, np.int64)
        iou, inside = overlaps(boxes[:, None], self.objects.places[None])
        _, covered = overlaps(self.objects.places[:, None], others[None])
        hidden = (covered >= BEFORE).sum(axis=1) > 1
        same = groups[:, None] == self.objects.groups[None]
        part = hidden[None] & (inside >= INSIDE) & (iou >= PART_IOU)
        # The detector does not see all that stands before a thing.
        part |= ~self._living[None] & shows(boxes[:, None], self.objects.places[None])
        fit = np.where(same & ((iou >= SAME_IOU) | part), iou, 0.0)
        # The best pair first; an object is found once.
        while fit.size and fit.max() > 0:
            row, place = np.unravel_index(fit.argmax(), fit.shape)
            claimed[row] = place
            fit[row], fit[:, place] = 0.0, 0.0
        return claimed

    def recall(self, rows: Ints) -> Objects:
        """Take out the remembered objects of these rows; they are seen again."""
        found = self.objects.take(rows)
        self._drop(np.isin(np.arange(len(self)), rows))
        return found

    def forget(self, time_s: float) -> list[int]:
        """The ids of those that are remembered no longer; media time in seconds."""
        if not len(self):
            return []
        may_leave = self._living | ~parked(self.objects, self._after_s)
        gone = (time_s - self.objects.last_s > self._keep_s) | (may_leave & (self._empty_s > EMPTY_S))
        gone |= self._covered_s > COVERED_S
        ids: list[int] = self.objects.ids[gone].tolist()
        if ids:
            self._drop(gone)
        return ids

    def _drop(self, gone: Mask) -> None:
        self.objects = self.objects.take(~gone)
        self._living, self._empty_s = self._living[~gone], self._empty_s[~gone]
        self._covered_s = self._covered_s[~gone]
