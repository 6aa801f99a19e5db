"""Heads of models that have chosen among their boxes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import plain
from heads_rows import around
from plain import SIDE, Outputs, between, corners, decoded, numbers, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from oracle import Decoded


def chosen(boxes: NDArray[np.float32], scores: NDArray[np.float32], labels: NDArray[np.float32]) -> Decoded:
    table = np.zeros((len(scores), plain.CLASSES), np.float32)
    for at, (score, label) in enumerate(zip(scores, labels, strict=True)):
        table[at, int(label)] = score
    return decoded(list(zip(boxes, table, strict=True)))


def final(extra: int) -> Callable[[np.random.Generator], Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        parts = [corners(rng, 20), between(rng, 0.1, 1, 20, 1), numbers(rng, 20)[:, None]]
        outputs = {"output0": np.concatenate([*parts, between(rng, 0, 1, 20, extra)], axis=1)[None]}
        return outputs | ({"output1": between(rng, 0, 1, 1, 32, 16, 16)} if extra == 32 else {})

    return make


def final_decoded(raw: Outputs) -> Decoded:
    """ultralytics/ultralytics ``head.py`` ``Detect.postprocess`` (commit 001ce22b0ece)."""
    rows = raw["output0"][0]
    return chosen(rows[:, :4], rows[:, 4], rows[:, 5])


def final_turned(rng: np.random.Generator) -> Outputs:
    parts = [between(rng, 8, 40, 20, 4), between(rng, 0.1, 1, 20, 1), numbers(rng, 20)[:, None]]
    return {"output0": np.concatenate([*parts, between(rng, -1.5, 1.5, 20, 1)], axis=1)[None]}


def final_turned_decoded(raw: Outputs) -> Decoded:
    """ultralytics/ultralytics ``head.py`` ``OBB.postprocess`` (commit 001ce22b0ece)."""
    rows = raw["output0"][0]
    return chosen(np.array([around(*row[:4], row[6]) for row in rows]), rows[:, 4], rows[:, 5])


def efficientdet(rng: np.random.Generator) -> Outputs:
    box = corners(rng, 20)[:, [1, 0, 3, 2]]
    parts = [np.zeros((20, 1)), box, between(rng, 0.1, 1, 20, 1), numbers(rng, 20, 1)[:, None]]
    return {"detections": np.concatenate(parts, axis=1).astype(np.float32)[None]}


def efficientdet_decoded(raw: Outputs) -> Decoded:
    """google/automl ``inference.py`` ``det_post_process_combined`` (commit 017776d2e141)."""
    rows = raw["detections"][0]
    return chosen(rows[:, [2, 1, 4, 3]], rows[:, 5], rows[:, 6] - 1)


def triples(
    boxes: str, scores: str, labels: str, *, size: float = SIDE, first: int = 0
) -> Callable[..., Outputs]:
    def make(rng: np.random.Generator) -> Outputs:
        return {
            labels: numbers(rng, 20, first)[None],
            boxes: corners(rng, 20, size)[None],
            scores: between(rng, 0.1, 1, 1, 20),
        }

    return make


def rt_detr_decoded(raw: Outputs) -> Decoded:
    """lyuwenyu/RT-DETR ``rtdetr_postprocessor.py`` ``RTDETRPostProcessor.forward`` (commit 00362aee2746)."""
    return chosen(raw["boxes"].reshape(-1, 4), raw["scores"].ravel(), raw["labels"].ravel())


def torchvision(rng: np.random.Generator) -> Outputs:
    return {
        "boxes": corners(rng, 20),
        "labels": numbers(rng, 20, 1),
        "scores": between(rng, 0.1, 1, 20),
    }


def torchvision_decoded(raw: Outputs) -> Decoded:
    """pytorch/vision ``roi_heads.py`` ``RoIHeads.postprocess_detections`` (commit 00d6550aeadb)."""
    return chosen(raw["boxes"], raw["scores"], raw["labels"] - 1)


def tf_detection(rng: np.random.Generator) -> Outputs:
    made = triples("detection_boxes", "detection_scores", "detection_classes", size=1, first=1)(rng)
    boxes = made["detection_boxes"][..., [1, 0, 3, 2]]
    return {**made, "detection_boxes": boxes, "num_detections": np.full((1,), 20, np.float32)}


def tf_detection_decoded(raw: Outputs) -> Decoded:
    """mlcommons/inference ``coco.py`` ``PostProcessCoco`` (commit 2432b1021e37)."""
    boxes = [pixels(box) for box in raw["detection_boxes"][0][:, [1, 0, 3, 2]]]
    return chosen(np.array(boxes), raw["detection_scores"][0], raw["detection_classes"][0] - 1)


def unnamed(first: int) -> Callable[[np.random.Generator], Outputs]:
    """As in a frozen graph, and in files of TensorFlow Lite: what an output holds only its values tell."""

    def make(rng: np.random.Generator) -> Outputs:
        made = triples("boxes", "scores", "numbers", size=1, first=first)(rng)
        return {
            "Call:1": made["scores"],
            "Call:3": made["boxes"][..., [1, 0, 3, 2]],
            "Call:0": np.full((1,), 20, np.float32),
            "Call:2": made["numbers"].astype(np.float32),
        }

    return make


def unnamed_decoded(first: int) -> Callable[[Outputs], Decoded]:
    """mlcommons/inference ``coco.py`` ``PostProcessCoco`` (commit 2432b1021e37); tensorflow/models
    ``exporter_lib_v2.py`` (commit 0eabf192e121); tensorflow/tensorflow ``detection_postprocess.cc``
    (commit 07306637681f).
    """

    def decode(raw: Outputs) -> Decoded:
        boxes = [pixels(box) for box in raw["Call:3"][0][:, [1, 0, 3, 2]]]
        return chosen(np.array(boxes), raw["Call:1"][0], raw["Call:2"][0] - first)

    return decode


def nms_plugin(rng: np.random.Generator) -> Outputs:
    made = triples("det_boxes", "det_scores", "det_classes")(rng)
    return {"num_dets": np.full((1, 1), 20, np.float32), **made}


def nms_plugin_decoded(raw: Outputs) -> Decoded:
    """NVIDIA/TensorRT ``efficientNMSPlugin/README.md`` (commit 2349256ccbdd)."""
    return chosen(raw["det_boxes"][0], raw["det_scores"][0], raw["det_classes"][0])


def shares(rng: np.random.Generator) -> Outputs:
    """As SSD of the ONNX model zoo has it: classes from 1 on, boxes in shares."""
    return triples("boxes", "scores", "labels", size=1, first=1)(rng)


def flat(order: str, counted: bool) -> Callable[[np.random.Generator], Outputs]:
    """Rows of one picture: b for the box, s for its score, c for its class, p for the picture's number."""

    def make(rng: np.random.Generator) -> Outputs:
        parts = {
            "p": np.zeros((20, 1), np.float32),
            "b": corners(rng, 20),
            "s": between(rng, 0.1, 1, 20, 1),
            "c": numbers(rng, 20)[:, None],
        }
        rows = np.concatenate([parts[letter] for letter in order], axis=1)
        return {"rows": rows} | ({"count": np.array([20], np.int32)} if counted else {})

    return make


def flat_decoded(order: str) -> Callable[[Outputs], Decoded]:
    """PaddlePaddle/PaddleDetection ``post_process.py`` ``BBoxPostProcess.get_pred`` (commit 00139067715b);
    WongKinYiu/yolov7 ``experimental.py`` ``ONNX_ORT.forward`` (commit 134a36fcfc81);
    Deci-AI/super-gradients ``nms.py`` ``PickNMSPredictionsAndReturnAsFlatResult`` (commit 0e1b8c562536);
    weiliu89/caffe ``detection_output_layer.cpp`` ``Forward_cpu`` (commit 0f964fe9e04b).
    """

    def decode(raw: Outputs) -> Decoded:
        at = {
            letter: order.index(letter) + (3 if "b" in order[: order.index(letter)] else 0)
            for letter in order
        }
        rows = raw["rows"]
        return chosen(rows[:, at["b"] : at["b"] + 4], rows[:, at["s"]], rows[:, at["c"]])

    return decode


def mmdeploy(rng: np.random.Generator) -> Outputs:
    rows = np.concatenate([corners(rng, 20), between(rng, 0.1, 1, 20, 1)], axis=1)
    return {"dets": rows[None], "labels": numbers(rng, 20)[None].astype(np.int64)}


def mmdeploy_decoded(raw: Outputs) -> Decoded:
    """open-mmlab/mmdeploy ``bbox_nms.py`` ``select_nms_index`` (commit f5f091eb6dcc)."""
    return chosen(raw["dets"][0][:, :4], raw["dets"][0][:, 4], raw["labels"][0])


def torchvision_shares_decoded(raw: Outputs) -> Decoded:
    """mlcommons/inference ``coco.py`` ``PostProcessCocoOnnx`` (commit 2432b1021e37)."""
    boxes = np.array([pixels(box) for box in raw["boxes"][0]])
    return chosen(boxes, raw["scores"][0], raw["labels"][0] - 1)
