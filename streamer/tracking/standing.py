"""Things that stand: what is seen where they are is them, or a piece of them, until it is known better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from streamer.tracking.association import Mask
from streamer.tracking.motion import Columns, started, surprise
from streamer.tracking.objects import UNCONFIRMED, Ints, Objects
from streamer.tracking.places import SAME_IOU, UPON, overlaps, parked, shared, stay

STRANGE_LIMIT: Final = 4.5
"""Surprise from which on what is seen at the place of a thing that stands is not somebody else."""
BETTER: Final = 2.0
"""So much more than what is parked there a track may surprise, and be followed at its place all the same."""
BESIDE_S: Final = 5.0
"""So long what appears upon a thing has to be seen beside the whole of it, or without it, to be another."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """K things that stand, seen at present or not.

    Attributes:
        places: [K,4].
        groups: [K].
        seen: [K,4] their boxes now; NaN where they are not seen, the place of what is only remembered.
    """

    places: Columns
    groups: Ints
    seen: Columns

    def doubt(self, boxes: Columns, groups: Ints) -> tuple[Mask, Mask]:
        """Which boxes [R,4] may be pieces of them, and which of these are seen beside the whole; bool [R]."""
        upon = shared(boxes[:, None], self.places[None]) >= UPON
        upon &= groups[:, None] == self.groups[None]
        whole = overlaps(self.seen, self.places)[0] >= SAME_IOU
        doubtful = upon.any(axis=1)
        return np.asarray(doubtful), np.asarray(doubtful & ~(upon & ~whole[None]).any(axis=1))


def keep_apart(
    costs: Columns, objects: Objects, found: tuple[Columns, Ints], things: Objects, after_s: float
) -> None:
    """Make impossible that a track jumps to what stands: it is followed there only where it was expected.

    Where something parked fits better it is that: it is seen just where it was, the track off its way.

    Args:
        costs: [N,M], changed in place.
        objects: N, of which those that stand are among the things.
        found: boxes [M,4] and groups [M] of what is seen.
        things: K that stand, seen at present or not.
        after_s: what stood for so long is parked.
    """
    boxes, groups = found
    here = np.asarray(overlaps(boxes[None], things.places[:, None])[0] >= SAME_IOU)
    here &= things.groups[:, None] == groups[None]
    if not here.any():
        return
    own = np.asarray(objects.ids[:, None] == things.ids[None])
    may_be = here & parked(things, after_s)[:, None]
    fits = np.where(may_be, surprise(started(things.places), boxes), np.inf).min(axis=0)
    strange = (costs > np.minimum(STRANGE_LIMIT, fits + BETTER)) & here.any(axis=0) & ~(own @ here)
    costs[strange & np.not_equal(objects.ids, UNCONFIRMED)[:, None]] = np.inf


def wholes(boxes: Columns, places: Columns) -> tuple[Mask, Columns]:
    """Which boxes [N,4] show what stands at these places [N,4], and those; else the boxes themselves."""
    here = stay(boxes, places)
    return here, np.where(here[:, None], places, boxes)
