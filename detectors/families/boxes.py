"""Boxes in the forms that heads give them, as xyxy in input pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.families.family import Signature
    from detectors.nodes import Nodes

LARGEST_SHARE: Final = 2.0
"""Boxes may leave the picture, but hardly by a whole one; in pixels some box is larger than this."""


def the_boxes(names: Sequence[str]) -> str | None:
    """Which of these outputs, all with four columns, holds boxes: the only one, or the only one that says
    so."""
    said = [name for name in names if "box" in name.lower() or "dets" in name.lower()]
    candidates = names if len(names) == 1 else said
    return candidates[0] if len(candidates) == 1 else None


def in_shares(signature: Signature, name: str) -> bool | None:
    """Whether the boxes of an output are in shares of the picture, not in pixels; None where no run told."""
    boxes = signature.values(name)
    return None if boxes is None else bool(np.abs(boxes).max() <= LARGEST_SHARE)


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
