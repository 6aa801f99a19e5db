"""A detector as one writes it by hand: a default session, decoding in numpy, OpenCV's NMS."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import onnxruntime

from streamer.bench.by_hand.recipes import RECIPES, Array

MIN_CONFIDENCE: Final = 0.25
IOU: Final = 0.45
STRIDES: Final = (8, 16, 32)


class Model:
    """One default session, with threads of its own."""

    def __init__(self, path: str, family: str, size: tuple[int, int]) -> None:
        self._recipe = RECIPES[family]
        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        names = [output.name for output in self._session.get_outputs()]
        # cls8, cls16, cls32, reg8 .. sort by what they are; a single output stays.
        self._outputs = sorted(names, key=lambda name: (name[:3], len(name), name))
        self._width, self._height = size
        self._grid = np.concatenate([self._cells(stride) for stride in STRIDES])

    def detect(self, image: Array) -> tuple[Array, Array, Array]:
        """Boxes [n,4] x, y, width, height in pixels of the picture, scores [n], classes [n]."""
        scale = min(self._width / image.shape[1], self._height / image.shape[0])
        resized = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
        left = (self._width - resized.shape[1]) // 2 if self._recipe.centred else 0
        top = (self._height - resized.shape[0]) // 2 if self._recipe.centred else 0
        padded = np.full((self._height, self._width, 3), 114, np.uint8)
        padded[top : top + resized.shape[0], left : left + resized.shape[1]] = resized
        if self._recipe.rgb:
            padded = padded[:, :, ::-1]
        blob = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32)
        if self._recipe.scale != 1:
            blob *= np.float32(self._recipe.scale)
        boxes, scores = self._recipe.decode(self._session.run(self._outputs, {self._input: blob}), self._grid)
        classes = scores.argmax(1)
        best = scores[np.arange(len(scores)), classes]
        kept = best > MIN_CONFIDENCE
        boxes, best, classes = boxes[kept], best[kept], classes[kept]
        boxes[:, :2] -= boxes[:, 2:] / 2 + (left, top)
        boxes /= scale
        chosen = np.array(cv2.dnn.NMSBoxes(boxes, best, MIN_CONFIDENCE, IOU), int)
        return boxes[chosen], best[chosen], classes[chosen]

    def _cells(self, stride: int) -> Array:
        rows, columns = np.mgrid[0 : self._height // stride, 0 : self._width // stride]
        return np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], 1).astype(np.float32)
