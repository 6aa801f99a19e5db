"""Boxes in the forms that heads give them, as xyxy in input pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.grid import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Form, Head, Signature

LARGEST_SHARE: Final = 2.0
"""Boxes may leave the picture, but hardly by a whole one; in pixels nearly all are larger than this."""
NEAR: Final = 1.0
"""Strides within which half of all boxes have their centre: those of real models about half a stride."""
NEARER: Final = 2.0
"""How many times nearer that must be than in any other form."""
FEW: Final = 20
"""Boxes that tell nothing of their form."""
MOST: Final = 0.99
"""Share of boxes that are as they all should be: a few may not."""


def the_boxes(names: Sequence[str]) -> str | None:
    """Which of these outputs, all with four columns, holds boxes: the only one, or the only one that says
    so."""
    said = [name for name in names if "box" in name.lower() or "dets" in name.lower()]
    candidates = names if len(names) == 1 else said
    return candidates[0] if len(candidates) == 1 else None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the four numbers of boxes are: their form, and whether they are in shares of the picture."""

    form: Form
    shares: bool


def meaning(
    signature: Signature, boxes: NDArray[np.float32] | None, usual: Meaning, anchors: int = 1
) -> Meaning | None:
    """What a model's boxes show of themselves: those of the cells of a grid have their centres at their
    cells, and what says two corners in order all over is no centre and size.

    Args:
        signature: of the model.
        boxes: all that it answered to one picture, [k,4]; None where it was not run.
        usual: of the family; what is returned where they tell nothing.
        anchors: boxes of one cell, where they are of the cells of a grid.

    Returns:
        None where the boxes are neither centres and sizes nor corners.
    """
    some = None if boxes is None else _telling(boxes)
    if boxes is None or some is None or not some.any():
        return usual
    shares = _small(boxes[some])
    if some.sum() < FEW:
        return Meaning(usual.form, shares)
    told = at_cells(signature, boxes, anchors)
    if told is not None:
        return told
    fitting = [form for form in FORMS if _have_area(_centres_and_sizes(boxes[some], form)[1])]
    if "xyxy" in fitting and usual.form in ("cxcywh", "xywh"):
        return Meaning("xyxy", shares)
    if usual.form in fitting:
        return Meaning(usual.form, shares)
    return Meaning("cxcywh", shares) if "cxcywh" in fitting else None


def at_cells(signature: Signature, boxes: NDArray[np.float32] | None, anchors: int = 1) -> Meaning | None:
    """The one meaning in which boxes [k,4] have their centres at the cells of a grid; None where there is
    none, or it was not run."""
    if boxes is None:
        return None
    grid = places(signature.width, signature.height, len(boxes), anchors)
    return None if grid is None else at_places(signature, boxes, grid)


def at_places(signature: Signature, boxes: NDArray[np.float32], grid: NDArray[np.float32]) -> Meaning | None:
    """The one meaning in which boxes [k,4] have their centres at their places: x, y and stride in pixels,
    [k,3]; None where there is none."""
    some = _telling(boxes)
    if some.sum() < FEW:
        return None
    shares = _small(boxes[some])
    side = np.array([signature.width, signature.height] if shares else [1, 1])
    points, strides = grid[some, :2], grid[some, 2:]
    away: dict[Form, float] = {}
    for form in FORMS:
        centres, sizes = _centres_and_sizes(boxes[some], form)
        if _have_area(sizes):
            away[form] = float(np.median(np.abs(centres * side - points) / strides))
    nearest = sorted(away, key=lambda form: away[form])
    if not nearest or away[nearest[0]] > NEAR:
        return None
    clear = all(away[form] >= NEARER * away[nearest[0]] for form in nearest[1:])
    return Meaning(nearest[0], shares) if clear else None


def _telling(boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Those that are numbers, and not only zeros, which fill up lists."""
    told: NDArray[np.bool_] = np.logical_and(np.isfinite(boxes).all(axis=1), (boxes != 0).any(axis=1))
    return told


def _small(boxes: NDArray[np.float32]) -> bool:
    """Whether these are shares: of a picture that says nothing to it a model may give a few far larger."""
    return bool(np.quantile(np.abs(boxes), MOST) <= LARGEST_SHARE)


def _have_area(sizes: NDArray[np.floating]) -> bool:
    return bool((sizes >= 0).all(axis=1).mean() >= MOST)


FORMS: Final[tuple[Form, ...]] = ("cxcywh", "xywh", "xyxy", "yxyx")


def _centres_and_sizes(
    boxes: NDArray[np.float32], form: Form
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    first, second = boxes[:, :2], boxes[:, 2:]
    if form == "cxcywh":
        return first, second
    if form == "xywh":
        return first + second / 2, second
    centres, sizes = (first + second) / 2, second - first
    return (centres[:, ::-1], sizes[:, ::-1]) if form == "yxyx" else (centres, sizes)


def corners_of(nodes: Nodes, boxes: str, head: Head, axis: int = 2) -> str:
    """Boxes xyxy in input pixels, of boxes with four values along ``axis`` in the form and the unit that a
    head tells."""
    if head.form == "cxcywh":
        boxes = of_xywh(nodes, boxes, axis)
    elif head.form == "xywh":
        corner = nodes.slice(boxes, axis, 0, 2)
        other = nodes.op("Add", corner, nodes.slice(boxes, axis, 2, 4))
        boxes = nodes.op("Concat", corner, other, axis=axis)
    elif head.form == "yxyx":
        boxes = nodes.op("Gather", boxes, nodes.ints([1, 0, 3, 2]), axis=axis)
    if not head.shares:
        return boxes
    sides = np.array([head.width, head.height] * 2)
    return nodes.op("Mul", boxes, nodes.floats(sides if axis == 2 else sides.reshape(4, 1)))


def of_centres(nodes: Nodes, centre: str, size: str, axis: int = 2) -> str:
    """From centre and size, each with two values along ``axis``."""
    half = nodes.op("Mul", size, nodes.floats(0.5))
    return nodes.op("Concat", nodes.op("Sub", centre, half), nodes.op("Add", centre, half), axis=axis)


def of_xywh(nodes: Nodes, xywh: str, axis: int = 2) -> str:
    """From one tensor of centre and size along ``axis``; what comes after them is left out."""
    return of_centres(nodes, nodes.slice(xywh, axis, 0, 2), nodes.slice(xywh, axis, 2, 4), axis)


def of_sides(nodes: Nodes, centre: str, sides: str) -> str:
    """From a point [n,k,2] and the distances [n,k,4] to left, top, right and bottom."""
    top_left = nodes.op("Sub", centre, nodes.slice(sides, 2, 0, 2))
    bottom_right = nodes.op("Add", centre, nodes.slice(sides, 2, 2, 4))
    return nodes.op("Concat", top_left, bottom_right, axis=2)


def of_shares(nodes: Nodes, boxes: str, width: int, height: int) -> str:
    """From boxes [n,k,4] in shares of the picture, in whatever form."""
    return nodes.op("Mul", boxes, nodes.floats([width, height, width, height]))


def of_yxyx(nodes: Nodes, boxes: str) -> str:
    """From boxes [n,k,4] that say y before x."""
    return nodes.op("Gather", boxes, nodes.ints([1, 0, 3, 2]), axis=2)
