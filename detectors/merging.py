"""Joins what was found in overlapping regions of a picture: every object once, and whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import CLASS_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.regions import Layout

EDGE: Final = 0.02
"""Share of a region's side: a box that ends so close to an inner edge of its region is cut by it."""
ALIKE: Final = 0.5
"""Overlap (IoU), within what two regions both see, from which their boxes are one object."""
INSIDE: Final = 0.8
"""Share of a cut box that lies in a whole one of another region, from which it is a part of that."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The boxes of all regions, N, best first.

    Attributes:
        boxes: float32 [N,4] xyxy, pixels of the picture.
        score: float32 [N].
        label: [N], the class; ``name`` is what it is called.
        region: [N], the number of the region in which it was found.
        cut: bool [N], whether an inner edge of its region cuts it.
        reach: float32 [N,4], the box, drawn out over the edges that cut it.
        seen: float32 [N,4], its region, drawn out over its inner edges.
    """

    boxes: NDArray[np.float32]
    score: NDArray[np.float32]
    label: NDArray[np.int64]
    name: NDArray[np.str_]
    region: NDArray[np.intp]
    cut: NDArray[np.bool_]
    reach: NDArray[np.float32]
    seen: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Boxes that are one object, by their numbers; ``better`` comes before ``worse``, most alike first."""

    better: NDArray[np.intp]
    worse: NDArray[np.intp]


def merged(found: Sequence[Detections], layout: Layout) -> Detections:
    """The objects of a picture, from those of its regions.

    Two boxes of one class and of different regions are one object when they are alike (IoU of at least
    `ALIKE`) within what both regions see. Of two whole ones the more certain one stays; one that an inner
    edge of its region cuts gives way to a whole one; cut ones without a whole one are joined. Boxes of one
    region are never joined: its own suppression took them for different objects.

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
    for group in _torn(parts, pairs, kept):
        kept[group[1:]] = False
        boxes[group[0], :2] = parts.boxes[group, :2].min(axis=0)
        boxes[group[0], 2:] = parts.boxes[group, 2:].max(axis=0)
    return Detections(
        xyxy=boxes[kept],
        confidence=parts.score[kept],
        class_id=parts.label[kept],
        data={CLASS_NAME: parts.name[kept]},
    )


def _parts(found: Sequence[Detections], layout: Layout) -> Parts:
    number = np.repeat(np.arange(len(found)), [len(one) for one in found])
    regions = np.array([(one.x1, one.y1, one.x2, one.y2) for one in layout.regions], np.float32)
    shift = np.tile(regions[:, :2], 2)
    boxes = np.concatenate([one.xyxy for one in found]) + shift[number]
    score = np.concatenate([one.confidence for one in found])
    label = np.concatenate([one.class_id for one in found])
    order = np.lexsort((*boxes.T, label, -score))
    number, boxes, score, label = number[order], boxes[order], score[order], label[order]
    name = np.concatenate([one.data[CLASS_NAME] for one in found])[order]
    outwards = np.array([-1, -1, 1, 1], np.float32)
    inner = regions != np.array([0, 0, layout.width, layout.height], np.float32)
    margin = EDGE * np.tile(regions[:, 2:] - regions[:, :2], 2) * inner
    cut = ((regions[number] - boxes) * outwards <= margin[number]) & inner[number]
    seen = (regions + margin * outwards)[number]
    return Parts(boxes, score, label, name, number, cut.any(axis=1), np.where(cut, seen, boxes), seen)


def _pairs(parts: Parts) -> Pairs:
    """All pairs that are one object."""
    may_be = (parts.label[:, None] == parts.label) & (parts.region[:, None] != parts.region)
    better, worse = np.nonzero(np.triu(may_be))
    common = _intersection(parts.seen[better], parts.seen[worse])
    first = _intersection(parts.reach[better], common)
    second = _intersection(parts.reach[worse], common)
    both = _area(_intersection(first, second))
    iou = both / np.maximum(_area(first) + _area(second) - both, 1e-9)
    one = (iou >= ALIKE) | _holds(parts, better, worse) | _holds(parts, worse, better)
    order = np.argsort(-iou[one], kind="stable")
    return Pairs(better[one][order], worse[one][order])


def _holds(parts: Parts, whole: NDArray[np.intp], cut: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the pairs are a whole box and one within it that is cut."""
    common = _area(_intersection(parts.boxes[whole], parts.boxes[cut]))
    return ~parts.cut[whole] & parts.cut[cut] & (common >= INSIDE * _area(parts.boxes[cut]))


def _without_doubles(parts: Parts, pairs: Pairs) -> NDArray[np.bool_]:
    """What is left when every object that is whole somewhere is there once."""
    kept = np.ones(len(parts.boxes), np.bool_)
    cut_better, cut_worse = parts.cut[pairs.better], parts.cut[pairs.worse]
    kept[pairs.better[cut_better & ~cut_worse]] = False
    kept[pairs.worse[cut_worse & ~cut_better]] = False
    whole = ~cut_better & ~cut_worse
    order = np.argsort(pairs.better[whole], kind="stable")
    for better, worse in zip(pairs.better[whole][order], pairs.worse[whole][order], strict=True):
        if kept[better]:
            kept[worse] = False
    return kept


def _torn(parts: Parts, pairs: Pairs, kept: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
    """The boxes, best first, of each object that is cut wherever it was seen; most alike joined first."""
    owner = np.arange(len(parts.boxes))
    for better, worse in zip(pairs.better, pairs.worse, strict=True):
        if not (kept[better] and kept[worse] and parts.cut[better] and parts.cut[worse]):
            continue
        members = np.flatnonzero(np.isin(owner, (owner[better], owner[worse])))
        if len(np.unique(parts.region[members])) == len(members):
            owner[members] = members[0]
    for first in np.unique(owner[kept]):
        members = np.flatnonzero(owner == first)
        if len(members) > 1:
            yield members


def _intersection(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes [N,4]; one without an area where there is none."""
    low = np.maximum(first[:, :2], second[:, :2])
    return np.concatenate([low, np.maximum(np.minimum(first[:, 2:], second[:, 2:]), low)], axis=1)


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
