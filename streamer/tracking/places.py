"""Where objects stay, and which of them have not moved for long."""

from __future__ import annotations

from typing import Final

import numpy as np

from streamer.tracking.association import Mask, Rows
from streamer.tracking.motion import Columns
from streamer.tracking.objects import Objects

SAME_IOU: Final = 0.6
"""A box that overlaps a place so much is there; a detector's noise alone leaves 0.7 and more."""
NEAR_IOU: Final = 0.5
"""What overlaps the place of a thing that stands so much is that thing, half hidden and badly seen."""
INSIDE: Final = 0.8
"""Share of a box inside a place from which on it may be the visible part of what is there."""
PART_IOU: Final = 0.25
"""How much of a parked object at least has to be seen."""
UPON: Final = 0.5
"""Share of the smaller of a box and a place in the other: so much, and it may be a piece of what stands."""
AS_LARGE: Final = 0.85
"""Of the larger width and height: a piece is narrower or lower than the whole."""
EDGE: Final = 0.12
"""How far an edge may be from where it was, in widths and heights of the larger box."""
AWAY_S: Final = 1.0
"""What was parked has left once it was seen elsewhere only, for so long."""
STANDS_S: Final = 1.0
"""What has stayed at its place for so long stands there."""
SETTLED_S: Final = 60.0
"""A place is the mean over so long at most, that it follows a camera that sags."""
LATE_S: Final = 1e-6
"""Rounding error of differences of times: what is recalled has stayed for exactly as long as it has to."""


def overlaps(boxes: Columns, others: Columns) -> tuple[Columns, Columns]:
    """Intersection over union, and over the first box alone; boxes [..., 4], row by row or broadcast."""
    extent = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(boxes[..., :2], others[..., :2])
    shared = np.maximum(extent, 0.0).prod(axis=-1)
    area = np.maximum((boxes[..., 2:] - boxes[..., :2]).prod(axis=-1), 1e-9)
    other = np.maximum((others[..., 2:] - others[..., :2]).prod(axis=-1), 1e-9)
    return shared / (area + other - shared), shared / area


def shared(boxes: Columns, others: Columns) -> Columns:
    """Share of the smaller of two boxes that lies in the other; boxes [..., 4], row by row or broadcast."""
    return np.maximum(overlaps(boxes, others)[1], overlaps(others, boxes)[1])


def as_large(boxes: Columns, others: Columns) -> Mask:
    """Whether a box is about as wide and as high as the other, wherever it is; row by row or broadcast."""
    first, second = boxes[..., 2:] - boxes[..., :2], others[..., 2:] - others[..., :2]
    return np.asarray((np.minimum(first, second) >= AS_LARGE * np.maximum(first, second)).all(axis=-1))


def area(boxes: Columns) -> Columns:
    """In square pixels; boxes [..., 4]."""
    return np.asarray((boxes[..., 2:] - boxes[..., :2]).prod(axis=-1))


def parked(objects: Objects, after_s: float) -> Mask:
    """Which objects have stayed at their place for so long; bool [N]."""
    return np.asarray(objects.there_s - objects.since_s >= after_s - LATE_S)


def at_place(boxes: Columns, places: Columns) -> Mask:
    """Whether each of the boxes [M,4] may be what stands at each place [N,4], or shows of it; bool [N,M]."""
    iou, _ = overlaps(boxes[None], places[:, None])
    return np.asarray((iou >= NEAR_IOU) | shows(boxes[None], places[:, None]))


def stay(boxes: Columns, places: Columns) -> Mask:
    """Whether each box is a thing that stands at its place, or a piece of it; row by row."""
    iou, _ = overlaps(boxes, places)
    return np.asarray((iou >= SAME_IOU) | upon(boxes, places))


def upon(boxes: Columns, places: Columns) -> Mask:
    """Whether a box may be a piece of what stands at a place, or more than was seen of it before.

    What is as large as it was, but elsewhere, has moved. Boxes [..., 4], row by row or broadcast.
    """
    iou, _ = overlaps(boxes, places)
    near = (shared(boxes, places) >= UPON) & (iou >= PART_IOU)
    return np.asarray(near & ~as_large(boxes, places))


def shows(boxes: Columns, wholes: Columns) -> Mask:
    """Whether a box is what something else leaves to be seen of the whole: three of its edges are the same.

    Boxes [..., 4], row by row or broadcast.
    """
    iou, inside = overlaps(boxes, wholes)
    sides = np.tile(np.maximum(wholes[..., 2:] - wholes[..., :2], 1e-9), 2)
    same = (np.abs(boxes - wholes) <= EDGE * sides).sum(axis=-1) >= 3
    return np.asarray(same & (inside >= INSIDE) & (iou >= PART_IOU))


def settle(objects: Objects, rows: Rows, boxes: Columns, staying: Mask) -> None:
    """Note where the objects of these rows were seen now, in boxes [R,4]; ``last_s`` is now.

    What stays, bool [N], may be hidden in part, or show more than before; what does not has to keep its size,
    too, as somebody who walks away along the line of sight does not.
    """
    places, now_s = objects.places[rows], objects.last_s[rows]
    iou, inside = overlaps(boxes, places)
    same = iou >= SAME_IOU
    stays = staying[rows]
    grown = stays & ~same
    if grown.any():
        grown &= shows(places, boxes)
    piece = stays & upon(boxes, places)
    late = now_s - objects.there_s[rows] > AWAY_S
    larger = piece & late & ~same & (area(boxes) > area(places))
    grown |= larger
    there = same | grown | (stays & (inside >= INSIDE) & (iou >= PART_IOU)) | (piece & late)
    left = ~there & (~stays | late)
    stayed_s = np.minimum(now_s - objects.since_s[rows], SETTLED_S)
    gained = (now_s - objects.there_s[rows]) / np.maximum(stayed_s, 1e-3)
    share = np.where(left | grown, 1.0, np.where(same, np.minimum(gained, 0.5), 0.0))
    objects.places[rows] = places + share[:, None] * (boxes - places)
    objects.since_s[rows[left]] = now_s[left]
    objects.there_s[rows] = np.where(there | left, now_s, objects.there_s[rows])
