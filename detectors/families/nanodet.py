"""NanoDet, NanoDet-Plus and PicoDet: class scores and distances as distributions over bins, per cell.

Class scores are after the sigmoid. Decodes that came with exports of v1 (Kazuhito00's, OpenCV's zoo) have the
point of a cell half a pixel before its middle; with the middle, as it was trained, AP is higher.

Source of nanodet: RangiLyu/nanodet ``nanodet/model/head/gfl_head.py`` ``GFLHead.get_bboxes_single``,
``get_single_level_center_point`` (commit 107958448859, Apache-2.0), ``nanodet/model/head/nanodet_head.py``
``NanoDetHead.forward_single`` (commit 0791331b40ca, Apache-2.0) and ``config/nanodet-m.yml`` (commit
0c7770a4fe06, Apache-2.0), which keeps proportions; Kazuhito00/MOT-Tracking-by-Detection-Pipeline
``Detector/nanodet/nanodet_onnx.py`` ``NanoDetONNX`` (commit 16cf07242fc2, Apache-2.0).
Source of nanodet-plus: RangiLyu/nanodet ``nanodet/model/head/nanodet_plus_head.py``
``NanoDetPlusHead.get_bboxes``, ``_forward_onnx`` (commit 02639a5d1599, Apache-2.0) and
``config/nanodet-plus-m_320.yml`` (commit 5220f8c4ac82, Apache-2.0), which stretches pictures.
Source of picodet: PaddlePaddle/PaddleDetection ``ppdet/modeling/heads/pico_head.py``
``PicoHead.forward_eval`` (commit c6839eab4e25, Apache-2.0) and
``configs/picodet/_base_/picodet_320_reader.yml`` (commit 1260e1aaa997, Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.families.boxes import of_sides
from detectors.families.family import Candidates, Head
from detectors.families.grid import cells as cells_of
from detectors.families.grid import strides_of
from detectors.families.rows import STRETCH, rgb_imagenet
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Signature

BINS: Final = 8
SIDES: Final = 4
DEPTH: Final = SIDES * BINS
MEAN: Final = (103.53, 116.28, 123.675)
STD: Final = (57.375, 57.12, 58.395)


@dataclass(frozen=True, slots=True)
class Nanodet:
    """Scores [n,cells,classes] and bins [n,cells,32] of each stride, or one output [n,cells,classes+32].

    Attributes:
        strides: of its grids, v1 has three, Plus and PicoDet four.
        corner: whether the point of a cell is its first corner; else its middle.
        single: whether all is in one output, or scores and bins of each stride are apart; None takes both.
        paddle: whether pixels are those of Paddle, RGB.
        letterbox: how pictures are fitted in.
    """

    strides: tuple[int, ...]
    corner: bool = False
    single: bool | None = None
    paddle: bool = False
    letterbox: LetterboxSpec = STRETCH

    def recognise(self, signature: Signature) -> Head | None:
        size = signature.width, signature.height
        found = signature.only()
        if self.single is not None and self.single != (found is not None):
            return None
        if found is not None:
            name, shape = found
            strides = strides_of(*size, shape[1]) if len(shape) == 3 else None
            if strides != self.strides or not shape[2] or shape[2] <= DEPTH:
                return None
            return Head(*size, self.strides, shape[2] - DEPTH, (name,))
        return self._grouped(signature)

    def _grouped(self, signature: Signature) -> Head | None:
        shapes = signature.outputs
        if any(len(shape) != 3 or shape[1] is None for shape in shapes.values()):
            return None
        bins = [name for name, shape in shapes.items() if shape[2] == DEPTH]
        scores = [name for name in shapes if name not in bins]
        classes = {shapes[name][2] for name in scores}
        if len(bins) != len(scores) or len(classes) != 1:
            return None
        scores.sort(key=lambda name: -(shapes[name][1] or 0))
        bins.sort(key=lambda name: -(shapes[name][1] or 0))
        counts = [shapes[name][1] for name in scores]
        strides = strides_of(signature.width, signature.height, sum(count or 0 for count in counts))
        if strides != self.strides or counts != [shapes[name][1] for name in bins]:
            return None
        columns = classes.pop() or 0
        size = signature.width, signature.height
        return Head(*size, self.strides, columns, (*scores, *bins)) if columns else None

    def input(self, head: Head) -> InputSpec:
        if self.paddle:
            return rgb_imagenet(head, self.letterbox)
        return InputSpec(width=head.width, height=head.height, mean=MEAN, std=STD, letterbox=self.letterbox)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return nodes.op("ReduceMax", self._scores(nodes, head), axes=[2], keepdims=0)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        scores = nodes.op("Transpose", nodes.rows(self._scores(nodes, head), cells), perm=[0, 2, 1])
        bins = nodes.rows(self._bins(nodes, head), cells)
        bins = nodes.op("Reshape", bins, nodes.ints([0, 0, SIDES, BINS]))
        weights = nodes.op("Softmax", bins, axis=3)
        sides = nodes.op(
            "ReduceSum", nodes.op("Mul", weights, nodes.floats(np.arange(BINS))), nodes.ints([3]), keepdims=0
        )
        grid = cells_of(head.width, head.height, head.strides)
        stride = nodes.op("Gather", nodes.floats(grid[:, 2:]), cells)
        points = (grid[:, :2] + (0.0 if self.corner else 0.5)) * grid[:, 2:]
        centre = nodes.op("Gather", nodes.floats(points), cells)
        return Candidates(of_sides(nodes, centre, nodes.op("Mul", sides, stride)), scores)

    def _scores(self, nodes: Nodes, head: Head) -> str:
        if len(head.outputs) == 1:
            return nodes.slice(head.outputs[0], 2, 0, head.classes)
        return nodes.op("Concat", *head.outputs[: len(head.strides)], axis=1)

    def _bins(self, nodes: Nodes, head: Head) -> str:
        if len(head.outputs) == 1:
            return nodes.slice(head.outputs[0], 2, head.classes, head.classes + DEPTH)
        return nodes.op("Concat", *head.outputs[len(head.strides) :], axis=1)


NANODET: Final = Nanodet((8, 16, 32), letterbox=LetterboxSpec(mode="centre", pad=0, scaling="area"))
NANODET_PLUS: Final = Nanodet((8, 16, 32, 64), corner=True, single=True)
PICODET: Final = Nanodet((8, 16, 32, 64), single=False, paddle=True)
