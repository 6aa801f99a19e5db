"""Joins what was found in overlapping regions of a picture: every object once, and whole.

Plain suppression or merging (NMS, NMM by IoU or IoS, as supervision and SAHI do it) does not know which boxes
an edge has cut, and takes half a person for another one: the README of this package has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import CLASS_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.regions import Layout

EDGE: Final = 0.02
"""Share of a region's side: a box that ends so close to an inner edge of its region is cut by it."""
ALIKE: Final = 0.5
"""Overlap (IoU), within what two regions both see, from which their boxes are one object."""
SMALLEST: Final = np.finfo(np.float32).tiny
OUTWARDS: Final = np.array([-1, -1, 1, 1], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The boxes of all regions, N, best first.

    Attributes:
        boxes: float32 [N,4] xyxy, pixels of the picture.
        score: float32 [N].
        label: [N], the class.
        name: [N], what the class is called.
        region: [N], the number of the region in which it was found.
        cut: bool [N], whether an inner edge of its region cuts it.
        reach: float32 [N,4], the box, drawn out over the edges that cut it.
        views: float32 [R,4], what each region sees: itself, drawn out over its inner edges.
    """

    boxes: NDArray[np.float32]
    score: NDArray[np.float32]
    label: NDArray[np.int64]
    name: NDArray[np.str_]
    region: NDArray[np.intp]
    cut: NDArray[np.bool_]
    reach: NDArray[np.float32]
    views: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Boxes that are one object, by their numbers: the better and the worse one. Most alike first."""

    better: NDArray[np.intp]
    worse: NDArray[np.intp]

    def where(self, mask: NDArray[np.bool_]) -> Pairs:
        return Pairs(self.better[mask], self.worse[mask])


def merged(found: Sequence[Detections], layout: Layout) -> Detections:
    """The objects of a picture, from those of its regions.

    Two boxes of one class and of different regions are one object when they are alike (IoU of at least
    `ALIKE`) within what both regions see. Then

    - of two whole ones the more certain one stays;
    - one that an inner edge of its region cuts gives way to a whole one;
    - cut ones of which none is whole are joined to the box around them;
    - a cut one that is like no other is left out if another region sees all of it: it was no object there.

    Boxes of one region are never joined: its own suppression took them for different objects. Objects are
    taken to be no smaller than the share `EDGE` of a region's sides.

    Args:
        found: of each region of ``layout``, in the region's own pixels.
        layout: where the regions lie.

    Returns:
        Detections in pixels of the picture, best first. The order of the regions does not matter.
    """
    from supervision import Detections

    parts = _parts(found, layout)
    pairs = _pairs(parts)
    kept = _without_doubles(parts, pairs)
    boxes = parts.boxes.copy()
    lone = parts.cut & kept
    for pieces in _torn(parts, pairs.where(lone[pairs.better] & lone[pairs.worse])):
        boxes[pieces[0], :2] = parts.boxes[pieces, :2].min(axis=0)
        boxes[pieces[0], 2:] = parts.boxes[pieces, 2:].max(axis=0)
        lone[pieces] = False
        kept[pieces[1:]] = False
    kept &= ~(lone & _seen_by_others(parts))
    return Detections(
        xyxy=boxes[kept],
        confidence=parts.score[kept],
        class_id=parts.label[kept],
        data={CLASS_NAME: parts.name[kept]},
    )


def _parts(found: Sequence[Detections], layout: Layout) -> Parts:
    region = np.repeat(np.arange(len(found)), [len(one) for one in found])
    sides = np.array([(one.x1, one.y1, one.x2, one.y2) for one in layout.regions], np.float32)
    boxes = np.concatenate([one.xyxy for one in found]) + np.tile(sides[:, :2], 2)[region]
    score = np.concatenate([one.confidence for one in found])
    label = np.concatenate([one.class_id for one in found])
    name = np.concatenate([one.data[CLASS_NAME] for one in found])
    # Whatever the order of the regions is, equal scores come in one order.
    order = np.lexsort((*boxes.T, label, -score))
    region, boxes = region[order], boxes[order]
    inner = sides != np.array([0, 0, layout.width, layout.height], np.float32)
    margin = EDGE * np.tile(sides[:, 2:] - sides[:, :2], 2) * inner
    views = sides + margin * OUTWARDS
    cut = inner[region] & ((sides[region] - boxes) * OUTWARDS <= margin[region])
    reach = np.where(cut, views[region], boxes)
    return Parts(boxes, score[order], label[order], name[order], region, cut.any(axis=1), reach, views)


def _pairs(parts: Parts) -> Pairs:
    """All pairs that are one object."""
    may_be = (parts.label[:, None] == parts.label) & (parts.region[:, None] != parts.region)
    better, worse = np.nonzero(np.triu(may_be))
    common = _intersection(parts.views[parts.region[better]], parts.views[parts.region[worse]])
    # Drawn out, for pieces that only adjoin; and as they are, for what just touches the edges of both.
    drawn_out, bare = (
        _iou(_intersection(boxes[better], common), _intersection(boxes[worse], common))
        for boxes in (parts.reach, parts.boxes)
    )
    iou = np.maximum(drawn_out, bare)
    order = np.argsort(-iou, kind="stable")
    return Pairs(better[order], worse[order]).where(iou[order] >= ALIKE)


def _without_doubles(parts: Parts, pairs: Pairs) -> NDArray[np.bool_]:
    """What is left, bool [N], when an object that is whole in some region is there once."""
    kept = np.ones(len(parts.boxes), np.bool_)
    cut_better, cut_worse = parts.cut[pairs.better], parts.cut[pairs.worse]
    kept[pairs.better[cut_better & ~cut_worse]] = False
    kept[pairs.worse[cut_worse & ~cut_better]] = False
    whole = pairs.where(~cut_better & ~cut_worse)
    for number in np.unique(whole.better):
        if kept[number]:
            kept[whole.worse[whole.better == number]] = False
    return kept


def _torn(parts: Parts, pairs: Pairs) -> list[NDArray[np.intp]]:
    """The boxes, best first, of each object that is in several pieces; the most alike are joined first."""
    owner = np.arange(len(parts.boxes))
    for better, worse in zip(pairs.better, pairs.worse, strict=True):
        pieces = np.flatnonzero((owner == owner[better]) | (owner == owner[worse]))
        if len(np.unique(parts.region[pieces])) == len(pieces):
            owner[pieces] = pieces[0]
    torn = (np.flatnonzero(owner == first) for first in np.unique(owner[pairs.better]))
    return [pieces for pieces in torn if len(pieces) > 1]


def _seen_by_others(parts: Parts) -> NDArray[np.bool_]:
    """Whether a region sees all of a box, bool [N], beside the one in which it was found."""
    outside = (parts.reach[:, None] - parts.views) * OUTWARDS
    others = np.arange(len(parts.views)) != parts.region[:, None]
    seen: NDArray[np.bool_] = ((outside <= 0).all(axis=2) & others).any(axis=1)
    return seen


def _iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    both = _area(_intersection(first, second))
    iou: NDArray[np.float32] = both / np.maximum(_area(first) + _area(second) - both, SMALLEST)
    return iou


def _intersection(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes [N,4]; without an area where there is none."""
    low = np.maximum(first[:, :2], second[:, :2])
    return np.concatenate([low, np.maximum(np.minimum(first[:, 2:], second[:, 2:]), low)], axis=1)


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
