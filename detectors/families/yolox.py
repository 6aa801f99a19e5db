"""YOLOX: one row per cell of box, objectness and class scores.

Source of yolox, yolox-decoded: Megvii-BaseDetection/YOLOX ``yolox/models/yolo_head.py``
``YOLOXHead.decode_outputs`` (commit 02aecbacfd51, Apache-2.0), ``yolox/utils/demo_utils.py``
``demo_postprocess`` (commit 00767321e712, Apache-2.0) and ``yolox/data/data_augment.py`` ``preproc`` (commit
05b20c859d7f, Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.families.boxes import Meaning, at_cells, of_centres
from detectors.families.grid import cells as cells_of
from detectors.families.rows import BOX, Rows
from detectors.manifest import InputSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Head, Signature


class YoloxDecoded(Rows):
    """Exported with ``--decode_in_inference``: boxes in input pixels."""

    def meaning(
        self, signature: Signature, rows: NDArray[np.float32] | None, strides: tuple[int, ...]
    ) -> Meaning | None:
        told = at_cells(signature, None if rows is None else rows[:, :BOX])
        if told is None and are_pixels(signature, strides) is False:
            return None
        return told or super().meaning(signature, rows, strides)

    def input(self, head: Head) -> InputSpec:
        return InputSpec(width=head.width, height=head.height)


class Yolox(YoloxDecoded):
    """As ``tools/export_onnx.py`` exports it: boxes are relative to their cell."""

    def meaning(
        self, signature: Signature, rows: NDArray[np.float32] | None, strides: tuple[int, ...]
    ) -> Meaning | None:
        decoded = at_cells(signature, None if rows is None else rows[:, :BOX]) is not None
        return None if decoded or are_pixels(signature, strides) else Meaning("", shares=False)

    def boxes(self, nodes: Nodes, head: Head, rows: str, cells: str) -> str:
        grid = cells_of(head.width, head.height, head.strides)
        corner = nodes.op("Gather", nodes.floats(grid[:, :2]), cells)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        centre = nodes.op("Mul", nodes.op("Add", nodes.slice(rows, 2, 0, 2), corner), stride)
        size = nodes.op("Mul", nodes.op("Exp", nodes.slice(rows, 2, 2, BOX)), stride)
        return of_centres(nodes, centre, size)


def are_pixels(signature: Signature, strides: tuple[int, ...]) -> bool | None:
    """Whether the centres of boxes lie near their cells, not near 0; None where the model was not run."""
    [rows] = signature.sample.values() or [None]
    if rows is None:
        return None
    centres = np.asarray(rows[0, :, :2], np.float32)
    grid = cells_of(signature.width, signature.height, strides)
    away = np.abs(centres / grid[:, 2:] - (grid[:, :2] + 0.5))
    return bool(np.median(away) < np.median(np.abs(centres)))
