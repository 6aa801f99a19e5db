"""Heads that give boxes and scores apart: of all cells, of priors, of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plain
from plain import SIDE, STRIDES, Outputs, between, centred, corners, decoded, pixels, places, sigmoid

if TYPE_CHECKING:
    from oracle import Decoded


def pairs(count: int, *, last: bool, size: float = SIDE, single: bool = False) -> Callable[..., Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        box = corners(rng, count, size)[None]
        scores = between(rng, 0, 1, *((1, count, plain.CLASSES) if last else (1, plain.CLASSES, count)))
        return {"boxes": box[:, :, None] if single else box, "scores": scores}

    return make


def pairs_decoded(raw: Outputs) -> Decoded:
    """Tianxiaomo/pytorch-YOLOv4 ``yolo_layer.py`` ``yolo_forward_dynamic`` (commit 01fd75025549);
    Deci-AI/super-gradients ``dfl_heads.py`` ``NDFLHeads.forward_eval`` (commit 0b2c326790b9);
    PaddlePaddle/PaddleDetection ``ppyoloe_head.py`` ``PPYOLOEHead.post_process`` (commit cb661af1ae6b).
    """
    boxes, scores = raw["boxes"][0], raw["scores"][0]
    scores = scores.T if scores.shape[0] == plain.CLASSES else scores
    boxes = [pixels(box[0]) for box in boxes] if boxes.ndim == 3 else boxes
    return decoded(list(zip(boxes, scores, strict=True)))


def keras_yolo(rng: np.random.Generator) -> Outputs:
    made = pairs(252, last=False)(rng)
    choice = np.stack([np.zeros(5), rng.integers(0, plain.CLASSES, 5), rng.integers(0, 252, 5)], axis=1)
    return {
        "boxes": made["boxes"][..., [1, 0, 3, 2]],
        "scores": made["scores"],
        "choice": choice.astype(np.int32),
    }


def keras_yolo_decoded(raw: Outputs) -> Decoded:
    """qqwweee/keras-yolo3 ``model.py`` ``yolo_boxes_and_scores`` (commit 036cd817f789)."""
    return decoded(
        [(box[[1, 0, 3, 2]], score) for box, score in zip(raw["boxes"][0], raw["scores"][0].T, strict=True)]
    )


def priors_of(stride: int, sides: Sequence[float], *, whole: bool) -> list[tuple[float, float]]:
    """Width and height of RetinaNet's nine priors: by ratio of height to width, then by size."""
    made = []
    for ratio in (0.5, 1.0, 2.0):
        for side in sides:
            width, height = side / np.sqrt(ratio), side * np.sqrt(ratio)
            made.append((2 * np.round(width / 2), 2 * np.round(height / 2)) if whole else (width, height))
    return made


def retinanet(low: float, high: float, offset: float) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        count = 9 * sum((-(-SIDE // stride)) ** 2 for stride in (8, 16, 32, 64, 128))
        return {
            "cls_logits": between(rng, low, high, 1, count, plain.CLASSES),
            "bbox_regression": between(rng, -offset, offset, 1, count, 4),
        }

    return make


def retinanet_decoded(*, torchvision: bool) -> Callable[[Outputs], Decoded]:
    """pytorch/vision ``anchor_utils.py`` ``AnchorGenerator`` (commit 017c63441e55) and ``_utils.py``
    ``BoxCoder.decode_single`` (commit 02845439f059); yhenon/pytorch-retinanet ``anchors.py`` ``shift``
    (commit 5a5c32f277ce) and ``utils.py`` ``BBoxTransform`` (commit 3eea11e4f9cd).
    """

    def decode(raw: Outputs) -> Decoded:
        cells, at = [], 0
        variance = (1, 1, 1, 1) if torchvision else (0.1, 0.1, 0.2, 0.2)
        for stride in (8, 16, 32, 64, 128):
            sides = [4 * stride * 2 ** (third / 3) for third in range(3)]
            sides = [int(side) for side in sides] if torchvision else sides
            step = min(stride, SIDE) if torchvision else stride
            for row, column in places(stride):
                for width, height in priors_of(stride, sides, whole=torchvision):
                    x, y, w, h = raw["bbox_regression"][0][at] * variance
                    w, h = np.minimum((w, h), np.log(1000 / 16)) if torchvision else (w, h)
                    middle = 0.0 if torchvision else 0.5
                    cx, cy = (column + middle) * step + x * width, (row + middle) * step + y * height
                    told = raw["cls_logits"][0][at]
                    box = centred(cx, cy, width * np.exp(w), height * np.exp(h))
                    cells.append((box, sigmoid(told) if torchvision else told))
                    at += 1
        return decoded(cells)

    return decode


FACES = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}


def ultraface(raw: bool) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        count = sum((SIDE // stride) ** 2 * len(sides) for stride, sides in FACES.items())
        face = between(rng, 0, 1, count)
        box = between(rng, -2, 2, count, 4) if raw else corners(rng, count, 1)
        return {"scores": np.stack([1 - face, face], axis=1)[None], "boxes": box[None]}

    return make


def ultraface_decoded(raw: Outputs) -> Decoded:
    """Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB ``box_utils.py`` (commit 72957f437dc0)."""
    faces = zip(raw["boxes"][0], raw["scores"][0][:, 1:], strict=True)
    return decoded([(pixels(box), score) for box, score in faces])


def ultraface_raw_decoded(raw: Outputs) -> Decoded:
    """Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB ``box_utils.py`` ``generate_priors``,
    ``convert_locations_to_boxes`` (commit 72957f437dc0).
    """
    cells, at = [], 0
    for stride, sides in FACES.items():
        for row, column in places(stride):
            for side in sides:
                prior_w, prior_h = min(1.0, side / plain.WIDTH), min(1.0, side / plain.HEIGHT)
                x, y, w, h = raw["boxes"][0][at]
                # A cell's step is the picture's side by the number of cells, not the stride.
                cells_across, cells_down = -(-plain.WIDTH // stride), -(-plain.HEIGHT // stride)
                centre = (
                    x * 0.1 * prior_w + (column + 0.5) / cells_across,
                    y * 0.1 * prior_h + (row + 0.5) / cells_down,
                )
                box = centred(*centre, np.exp(w * 0.2) * prior_w, np.exp(h * 0.2) * prior_h)
                cells.append((pixels(box), raw["scores"][0][at, 1:]))
                at += 1
    return decoded(cells)


FIVE = (8, 16, 32, 64, 128)


def scrfd(
    points: bool, batched: bool, strides: tuple[int, ...] = STRIDES
) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        outputs = {}
        for kind, depth, high in (("score", 1, 1.0), ("bbox", 4, 3.0), ("kps", 10, 3.0)):
            for stride in strides:
                anchors = 2 if strides == STRIDES else 1
                values = between(rng, 0.01, high, anchors * len(list(places(stride))), depth)
                outputs[f"{kind}_{stride}"] = values[None] if batched else values
        return outputs if points else {name: value for name, value in outputs.items() if "kps" not in name}

    return make


def scrfd_decoded(raw: Outputs) -> Decoded:
    """deepinsight/insightface ``scrfd.py`` ``SCRFD.forward`` (commit 0bdfc69f36a3)."""
    strides = FIVE if "score_64" in raw else STRIDES
    cells = []
    for stride in strides:
        scores, sides = raw[f"score_{stride}"].reshape(-1, 1), raw[f"bbox_{stride}"].reshape(-1, 4)
        at = 0
        for row, column in places(stride):
            for _ in range(2 if strides == STRIDES else 1):
                left, top, right, bottom = sides[at] * stride
                x, y = column * stride, row * stride
                cells.append(((x - left, y - top, x + right, y + bottom), scores[at]))
                at += 1
    return decoded(cells)


def yunet(rng: np.random.Generator) -> Outputs:
    depths = (("cls", 1, 0, 1), ("obj", 1, 0, 1), ("bbox", 4, -0.5, 1), ("kps", 10, 0, 1))
    return {
        f"{kind}_{stride}": between(rng, low, high, 1, (SIDE // stride) ** 2, depth)
        for kind, depth, low, high in depths
        for stride in STRIDES
    }


def yunet_decoded(raw: Outputs) -> Decoded:
    """opencv/opencv ``face_detect.cpp`` ``FaceDetectorYNImpl::postProcess`` (commit 0692bb41f5af)."""
    cells = []
    for stride in STRIDES:
        for at, (row, column) in enumerate(places(stride)):
            x, y, w, h = raw[f"bbox_{stride}"][0][at]
            box = centred((x + column) * stride, (y + row) * stride, np.exp(w) * stride, np.exp(h) * stride)
            score = np.sqrt(raw[f"cls_{stride}"][0][at] * raw[f"obj_{stride}"][0][at])
            cells.append((box, score))
    return decoded(cells)


def masked_faces(rng: np.random.Generator) -> Outputs:
    """Background and three classes."""
    made = ultraface(raw=False)(rng)
    count = made["boxes"].shape[1]
    return {"scores": between(rng, 0, 1, 1, count, 1 + plain.CLASSES), "boxes": made["boxes"]}


def shares_decoded(raw: Outputs) -> Decoded:
    boxes = (pixels(box) for box in raw["boxes"][0])
    return decoded(list(zip(boxes, raw["scores"][0], strict=True)))
