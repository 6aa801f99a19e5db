"""What is known of the followed objects, a column each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamer.tracking import motion
from streamer.tracking.association import Mask, Rows
from streamer.tracking.looks import nothing
from streamer.tracking.motion import Columns

Ints = NDArray[np.int64]

UNCONFIRMED: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is known of N objects.

    Attributes:
        states: [N,5,4], see ``motion``.
        places: [N,4] where each has stayed since ``since_s``: the mean of its boxes, see ``places``.
        ids: -1 until confirmed.
        groups: only detections of an object's group can be the object.
        hits: how often it was seen.
        first_s, last_s: media time of the first and the last sighting.
        since_s, there_s: media time of the first and the last sighting at its place.
        beside_s: for how long one that waits was seen beside the thing at whose place it is.
        looks: [N,84] what each looks like, see ``looks``; zeros where it was not looked at.
    """

    states: Columns
    places: Columns
    ids: Ints
    groups: Ints
    hits: Ints
    first_s: Columns
    last_s: Columns
    since_s: Columns
    there_s: Columns
    beside_s: Columns
    looks: Columns

    def take(self, which: Mask | Rows) -> Objects:
        """The objects where ``which`` is true, or in these rows."""
        return Objects(*(column[which] for column in self._columns()))

    def joined(self, other: Objects) -> Objects:
        """These objects, then the others."""
        pairs = zip(self._columns(), other._columns(), strict=True)
        return Objects(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return (
            self.states,
            self.places,
            self.ids,
            self.groups,
            self.hits,
            self.first_s,
            self.last_s,
            self.since_s,
            self.there_s,
            self.beside_s,
            self.looks,
        )


def started(boxes: Columns, groups: Ints, time_s: float) -> Objects:
    """Objects seen for the first time, in boxes [N,4]; nobody looked at them yet."""
    count = len(boxes)
    return Objects(
        states=motion.started(boxes),
        places=boxes.copy(),
        ids=np.full(count, UNCONFIRMED, np.int64),
        groups=groups,
        hits=np.ones(count, np.int64),
        first_s=np.full(count, time_s),
        last_s=np.full(count, time_s),
        since_s=np.full(count, time_s),
        there_s=np.full(count, time_s),
        beside_s=np.zeros(count),
        looks=nothing(count),
    )
