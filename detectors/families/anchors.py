"""One map per stride with several anchors a cell: the raw heads of YOLOv2 to v7.

Some exports end after the sigmoid: of the scores, as the ONNX zoo's YOLOv4, or of everything, as Rockchip's;
a run shows which. Of what is under a GPL only the layout of its outputs and its anchors are read here.

Source of yolov2: pjreddie/darknet ``src/region_layer.c`` ``get_region_box`` (commit 02e7109b8baa, public
domain) and ``cfg/tiny-yolo-voc.cfg`` (commit 7d34850008b7, public domain); onnx/models
``tiny_yolov2/README.md`` (commit 13018c45cd46, MIT), whose graph scales its pixels itself.
Source of yolov3, yolov3-tiny: pjreddie/darknet ``src/yolo_layer.c`` ``get_yolo_box`` (commit 011eed632d70,
public domain), ``cfg/yolov3.cfg`` (commit 15af719b947e, public domain), ``cfg/yolov3-tiny.cfg`` (commit
f86901f6177d, public domain) and ``src/image.c`` ``letterbox_image`` (commit 004c8b6df952, public domain).
Source of yolov4: hunglc007/tensorflow-yolov4-tflite ``core/yolov4.py`` ``decode``, ``decode_train`` (commit
08cf9fa7b0dd, MIT) and ``core/config.py`` (commit 08cf9fa7b0dd, MIT); onnx/models
``vision/object_detection_segmentation/yolov4/README.md`` ``image_preprocess`` (commit 041c9f8fbd93, MIT);
WongKinYiu/PyTorch_YOLOv4 ``cfg/yolov4.cfg`` ``scale_x_y`` (commit 9fe6e700d44a, no license stored).
Source of yolov4-tiny: WongKinYiu/PyTorch_YOLOv4 ``cfg/yolov4-tiny.cfg`` ``mask`` (commit f309cbab045a, no
license stored), read by ``get_yolo_box`` of pjreddie/darknet ``src/yolo_layer.c`` (commit 011eed632d70,
public domain).
Source of yolov5-raw: ultralytics/yolov5 ``models/yolo.py`` ``Detect.forward`` (commit 88f52e8d3656, GPL-3.0)
and ``models/yolov5s.yaml`` (commit 05265f08a5b8, GPL-3.0); after its sigmoid airockchip/rknn_model_zoo
``examples/yolov5/python/yolov5.py`` ``box_process`` (commit c2b7d00714b4, Apache-2.0).
Source of yolov7-raw: WongKinYiu/yolov7 ``models/yolo.py`` ``IDetect.fuseforward`` (commit 01285329f746,
GPL-3.0) and ``cfg/training/yolov7.yaml`` (commit 304a30ef67ed, GPL-3.0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from detectors.families.boxes import of_centres
from detectors.families.family import Candidates, Head
from detectors.families.rows import BOX, CENTRE, GREY, OBJECTNESS, STRETCH, rgb_shares
from detectors.manifest import LetterboxSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape, Signature
    from detectors.manifest import InputSpec

Sizes = tuple[tuple[float, float], ...]

V5: Final[Mapping[int, Sizes]] = {
    8: ((10, 13), (16, 30), (33, 23)),
    16: ((30, 61), (62, 45), (59, 119)),
    32: ((116, 90), (156, 198), (373, 326)),
}
V7: Final[Mapping[int, Sizes]] = {
    8: ((12, 16), (19, 36), (40, 28)),
    16: ((36, 75), (76, 55), (72, 146)),
    32: ((142, 110), (192, 243), (459, 401)),
}
TINY_V3: Final[Mapping[int, Sizes]] = {
    16: ((10, 14), (23, 27), (37, 58)),
    32: ((81, 82), (135, 169), (344, 319)),
}
TINY_V4: Final[Mapping[int, Sizes]] = {
    # As the weights were trained: the finer grid has the second to the fourth size, not the first three.
    16: ((23, 27), (37, 58), (81, 82)),
    32: ((81, 82), (135, 169), (344, 319)),
}
V2_VOC: Final[Mapping[int, Sizes]] = {
    32: tuple((32 * w, 32 * h) for w, h in (
        (1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52),
    )),
}  # fmt: skip
"""Anchors in input pixels by stride, as published with the weights."""


@dataclass(frozen=True, slots=True)
class Map:
    """One output as it lies in memory.

    Attributes:
        rows: of its grid.
        columns: of its grid.
        channels: of one anchor.
        order: ``planes`` [n,a*c,h,w], ``anchors`` [n,a,h,w,c], ``cells`` [n,h,w,a,c] or [n,h,w,a*c].
    """

    rows: int
    columns: int
    channels: int
    order: Literal["planes", "anchors", "cells"]

    def places(self, anchors: int) -> NDArray[np.intp]:
        """Row, column and anchor of every place, [places,3], in the order of memory."""
        if self.order == "cells":
            return np.indices((self.rows, self.columns, anchors)).reshape(3, -1).T
        return np.indices((anchors, self.rows, self.columns)).reshape(3, -1).T[:, [1, 2, 0]]

    def columns_of(self, nodes: Nodes, name: str, anchors: int) -> str:
        """The output as [n,channels,places]."""
        if self.order == "planes":
            split = nodes.op("Reshape", name, nodes.ints([0, anchors, self.channels, -1]))
            split = nodes.op("Transpose", split, perm=[0, 2, 1, 3])
            return nodes.op("Reshape", split, nodes.ints([0, self.channels, -1]))
        rows = nodes.op("Reshape", name, nodes.ints([0, -1, self.channels]))
        return nodes.op("Transpose", rows, perm=[0, 2, 1])


def map_of(shape: Shape, anchors: int, rows: int, columns: int) -> Map | None:
    """How an output lies in memory, if it is a map of this grid with so many anchors a cell."""
    sizes = shape[1:]
    orders: dict[tuple[int | None, ...], Literal["planes", "anchors", "cells"]] = {}
    if len(sizes) == 3:
        orders = {(sizes[0], rows, columns): "planes", (rows, columns, sizes[2]): "cells"}
    elif len(sizes) == 4:
        orders = {(anchors, rows, columns, sizes[3]): "anchors", (rows, columns, anchors, sizes[3]): "cells"}
    order = orders.get(sizes)
    if order is None:
        return None
    depth = sizes[0] if order == "planes" else sizes[-1]
    channels, rest = divmod(depth or 0, anchors if len(sizes) == 3 else 1)
    return Map(rows, columns, channels, order) if not rest and channels > OBJECTNESS else None


@dataclass(frozen=True, slots=True)
class AnchorMaps:
    """Logits of x, y, w, h, objectness and classes, for each anchor of each cell.

    Attributes:
        anchors: their sizes in input pixels, by stride.
        sizes: ``exp``: anchor * exp(w); ``square``: anchor * (2 * sigmoid(w))**2.
        stretch: by how much the sigmoid of x and y is stretched about 0.5, by stride; 1 where none is given.
        softmax: whether classes exclude one another.
        white: what pixels from 0 to 255 are divided by.
        letterbox: how pictures are fitted in.
    """

    anchors: Mapping[int, Sizes]
    sizes: Literal["exp", "square"] = "exp"
    stretch: Mapping[int, float] = field(default_factory=dict)
    softmax: bool = False
    white: float = 255.0
    letterbox: LetterboxSpec = CENTRE

    def recognise(self, signature: Signature) -> Head | None:
        if len(signature.outputs) != len(self.anchors):
            return None
        found: dict[int, str] = {}
        channels: set[int] = set()
        for name, shape in signature.outputs.items():
            for stride in self.anchors:
                told = self._map(shape, stride, signature.width, signature.height)
                if told is not None:
                    found[stride] = name
                    channels.add(told.channels)
        if found.keys() != self.anchors.keys() or len(channels) != 1:
            return None
        outputs = tuple(found[stride] for stride in self.anchors)
        shapes = tuple(signature.outputs[name] for name in outputs)
        head = Head(
            signature.width,
            signature.height,
            tuple(self.anchors),
            channels.pop() - OBJECTNESS,
            outputs,
            shapes=shapes,
            activated=self._activated(signature, outputs),
        )
        # The logarithm of a size is no share.
        return None if head.activated == "all" and self.sizes == "exp" else head

    def input(self, head: Head) -> InputSpec:
        return rgb_shares(head, self.letterbox, self.white)

    def gate(self, nodes: Nodes, head: Head) -> str:
        objectness = nodes.slice(self._cells(nodes, head), 1, BOX, OBJECTNESS)
        return self._score(nodes, head, nodes.op("Squeeze", objectness, nodes.ints([1])))

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        columns = nodes.columns(self._cells(nodes, head), OBJECTNESS + head.classes, cells)
        objectness = self._score(nodes, head, nodes.slice(columns, 1, BOX, OBJECTNESS))
        classes = nodes.slice(columns, 1, OBJECTNESS, OBJECTNESS + head.classes)
        if self.softmax and not head.activated:
            classes = nodes.op("Softmax", classes, axis=1)
        else:
            classes = self._score(nodes, head, classes)
        box = nodes.op("Transpose", nodes.slice(columns, 1, 0, BOX), perm=[0, 2, 1])
        table = self._table(head)
        corner, stride, anchor, stretch = (
            nodes.op("Gather", nodes.floats(part), cells) for part in np.split(table, [2, 3, 5], axis=1)
        )
        if head.activated != "all":
            place, size = nodes.op("Sigmoid", nodes.slice(box, 2, 0, 2)), nodes.slice(box, 2, 2, BOX)
        else:
            place, size = nodes.slice(box, 2, 0, 2), nodes.slice(box, 2, 2, BOX)
        inside = nodes.op("Sub", place, nodes.floats(0.5))
        inside = nodes.op("Add", nodes.op("Mul", inside, stretch), corner)
        centre = nodes.op("Mul", inside, stride)
        size = nodes.op("Mul", self._size(nodes, head, size), anchor)
        return Candidates(of_centres(nodes, centre, size), nodes.op("Mul", classes, objectness))

    @staticmethod
    def _score(nodes: Nodes, head: Head, values: str) -> str:
        return values if head.activated else nodes.op("Sigmoid", values)

    def _size(self, nodes: Nodes, head: Head, told: str) -> str:
        if self.sizes == "exp":
            return nodes.op("Exp", told)
        share = told if head.activated == "all" else nodes.op("Sigmoid", told)
        twice = nodes.op("Mul", share, nodes.floats(2.0))
        return nodes.op("Mul", twice, twice)

    def _table(self, head: Head) -> NDArray[np.float32]:
        """Of every place: its cell's centre in cells (2), stride, anchor in pixels (2), stretch."""
        tables = []
        for stride, shape in zip(self.anchors, head.shapes, strict=True):
            told = self._map(shape, stride, head.width, head.height)
            assert told is not None
            anchors = np.array(self.anchors[stride])
            row, column, anchor = told.places(len(anchors)).T
            tables.append(
                np.column_stack(
                    [
                        column + 0.5,
                        row + 0.5,
                        np.full(len(row), stride),
                        anchors[anchor],
                        np.full(len(row), self.stretch.get(stride, 1.0)),
                    ]
                )
            )
        return np.concatenate(tables).astype(np.float32)

    def _cells(self, nodes: Nodes, head: Head) -> str:
        parts = []
        for stride, name, shape in zip(self.anchors, head.outputs, head.shapes, strict=True):
            told = self._map(shape, stride, head.width, head.height)
            assert told is not None
            parts.append(told.columns_of(nodes, name, len(self.anchors[stride])))
        return nodes.op("Concat", *parts, axis=2)

    def _activated(self, signature: Signature, outputs: tuple[str, ...]) -> Literal["", "scores", "all"]:
        """Which values of these maps a run showed to be shares already; none where it was not run."""
        tables = []
        for stride, name in zip(self.anchors, outputs, strict=True):
            values, shape = signature.values(name), signature.outputs[name]
            told = self._map(shape, stride, signature.width, signature.height)
            if values is None or told is None:
                return ""
            anchors = len(self.anchors[stride])
            if told.order == "planes":
                split = values[0].reshape(anchors, told.channels, -1).transpose(0, 2, 1)
                tables.append(split.reshape(-1, told.channels))
            else:
                tables.append(values[0].reshape(-1, told.channels))
        table = np.concatenate(tables)
        within = (table.min(axis=0) >= 0) & (table.max(axis=0) <= 1)
        return "all" if within.all() else "scores" if within[BOX:].all() else ""

    def _map(self, shape: Shape, stride: int, width: int, height: int) -> Map | None:
        return map_of(shape, len(self.anchors[stride]), -(-height // stride), -(-width // stride))


YOLOV2: Final = AnchorMaps(V2_VOC, softmax=True, white=1, letterbox=STRETCH)
YOLOV3: Final = AnchorMaps(V5, letterbox=GREY)
YOLOV3_TINY: Final = AnchorMaps(TINY_V3, letterbox=GREY)
YOLOV4: Final = AnchorMaps(V7, stretch={8: 1.2, 16: 1.1, 32: 1.05}, letterbox=GREY)
YOLOV4_TINY: Final = AnchorMaps(TINY_V4, stretch={16: 1.05, 32: 1.05}, letterbox=GREY)
YOLOV5: Final = AnchorMaps(V5, sizes="square", stretch={8: 2, 16: 2, 32: 2})
YOLOV7: Final = AnchorMaps(V7, sizes="square", stretch={8: 2, 16: 2, 32: 2})
