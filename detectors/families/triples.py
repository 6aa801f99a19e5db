"""Boxes, scores and classes as three outputs, of which the model has chosen the best itself.

Source of rt-detr: lyuwenyu/RT-DETR ``rtdetr_pytorch/tools/export_onnx.py`` (commit 02d43575feaf, Apache-2.0)
and ``rtdetr_pytorch/src/zoo/rtdetr/rtdetr_postprocessor.py`` ``RTDETRPostProcessor.forward`` (commit
00362aee2746, Apache-2.0); Peterande/D-FINE ``src/zoo/dfine/postprocessor.py`` ``DFINEPostProcessor.forward``
(commit 1c2f23d56f1a, Apache-2.0); Intellindust-AI-Lab/DEIMv2 ``tools/deployment/export_onnx.py`` (commit
884b7e5a592c, Apache-2.0).
Source of tf-detection: tensorflow/models ``research/object_detection/exporter_lib_v2.py``
``DetectionInferenceModule`` (commit 0eabf192e121, Apache-2.0) and
``research/object_detection/core/standard_fields.py`` ``DetectionResultFields`` (commit 0cba895790c1,
Apache-2.0); y before x: mlcommons/inference ``vision/classification_and_detection/python/coco.py``
``PostProcessCoco`` (commit 2432b1021e37, Apache-2.0).
Source of tf-detection-unnamed: tensorflow/models ``research/object_detection/exporter_lib_v2.py``
``DetectionInferenceModule`` (commit 0eabf192e121, Apache-2.0): the same, frozen, which loses the names.
Source of tflite-detection: tensorflow/tensorflow ``tensorflow/lite/kernels/detection_postprocess.cc``
``NonMaxSuppressionMultiClassFastHelper`` (commit 07306637681f, Apache-2.0); pixels from -1 to 1:
tensorflow/models ``research/object_detection/export_tflite_graph_lib_tf2.py`` (commit 534761b6c970,
Apache-2.0).
Source of ssd: onnx/models ``archive/vision/object_detection_segmentation/ssd/README.md`` (commit
69d69010b7ed, Apache-2.0); mlcommons/inference ``vision/classification_and_detection/python/coco.py``
``PostProcessCocoOnnx`` (commit 2432b1021e37, Apache-2.0) and
``vision/classification_and_detection/python/dataset.py`` ``pre_process_coco_resnet34`` (commit 073ef8444abf,
Apache-2.0).
Source of torchvision: pytorch/vision ``torchvision/models/detection/roi_heads.py``
``RoIHeads.postprocess_detections`` (commit 00d6550aeadb, BSD-3-Clause) and
``torchvision/models/detection/transform.py`` ``GeneralizedRCNNTransform`` (commit 01fdb48883a5,
BSD-3-Clause).
Source of nms-plugin: NVIDIA/TensorRT ``plugin/efficientNMSPlugin/README.md`` (commit 2349256ccbdd,
Apache-2.0); WongKinYiu/yolov7 ``models/experimental.py`` ``ONNX_TRT`` (commit 134a36fcfc81, GPL-3.0; only the
layout is read here); Deci-AI/super-gradients ``src/super_gradients/conversion/onnx/nms.py``
``PickNMSPredictionsAndReturnAsBatchedResult`` (commit 0e1b8c562536, Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.families.boxes import Meaning, corners_of
from detectors.families.family import Candidates, Head
from detectors.families.labelled import final_head, from_zero, numbering_of, scores_of
from detectors.families.rows import CENTRE, STRETCH, rgb_centred, rgb_imagenet, rgb_shares
from detectors.manifest import InputSpec, LetterboxSpec

if TYPE_CHECKING:
    from detectors.compiling.nodes import Nodes
    from detectors.families.family import Shape, Signature

MOST: Final = 2000
"""More boxes than any model leaves over."""
BOXES, SCORES, NUMBERS = range(3)


@dataclass(frozen=True, slots=True)
class Triples:
    """Boxes [n,k,4], scores [n,k] and numbers of classes [n,k], in any order; or all of one picture.

    Attributes:
        word: that the name of an output has which no other family has; empty where names tell nothing.
        first: number of the first class; with 1, COCO's classes have the numbers of its annotations.
        yxyx: whether y comes before x.
        shares: whether boxes are in shares of the picture, not in pixels, where no run tells.
        white: what pixels from 0 to 255 are divided by.
        batched: whether outputs have a batch axis; None where either may be.
        counted: whether a fourth output tells how many boxes of a picture count; None where either may be.
        imagenet: whether pixels are less the mean of ImageNet's pictures, which are stretched then.
        letterbox: how pictures are fitted in.
        unnamed: whether outputs have no names that tell what they hold, so that a run has to.
        annotated: whether numbers of classes begin with 0 but have gaps where those of COCO's annotations do.
        centred: whether pixels are from -1 to 1.
    """

    word: str = ""
    first: int = 0
    yxyx: bool = False
    shares: bool = False
    white: float = 255.0
    batched: bool | None = None
    counted: bool | None = None
    imagenet: bool = False
    letterbox: LetterboxSpec = CENTRE
    unnamed: bool = False
    annotated: bool = False
    centred: bool = False

    def recognise(self, signature: Signature) -> Head | None:
        outputs = self._outputs(signature)
        if outputs is None or not any(self.word in name.lower() for name in signature.outputs):
            return None
        rest = [shape for name, shape in signature.outputs.items() if name not in outputs]
        if self.counted is not None and self.counted != any(map(_counts, rest)):
            return None
        shapes = tuple(signature.outputs[name] for name in outputs)
        usual = Meaning("yxyx" if self.yxyx else "xyxy", self.shares)
        numbering = numbering_of(signature, self.first, annotated=self.annotated)
        return final_head(signature, outputs, signature.rows(outputs[BOXES]), usual, numbering, shapes)

    def input(self, head: Head) -> InputSpec:
        if self.centred:
            return rgb_centred(head)
        return rgb_imagenet(head) if self.imagenet else rgb_shares(head, self.letterbox, self.white)

    def gate(self, nodes: Nodes, head: Head) -> str:
        return self._batch(nodes, head, SCORES)

    def candidates(self, nodes: Nodes, head: Head, cells: str) -> Candidates:
        boxes = nodes.rows(self._batch(nodes, head, BOXES), cells)
        boxes = corners_of(nodes, boxes, head)
        numbers, scores = (
            nodes.op("GatherElements", self._batch(nodes, head, kind), cells, axis=1)
            for kind in (NUMBERS, SCORES)
        )
        numbers = from_zero(nodes, numbers, head)
        return Candidates(boxes, scores_of(nodes, numbers, scores, head.classes))

    def _batch(self, nodes: Nodes, head: Head, kind: int) -> str:
        """One output with a batch axis, and scores and numbers without any more than that."""
        name, rank = head.outputs[kind], len(head.shapes[kind])
        wanted = 3 if kind == BOXES else 2
        if rank < wanted:
            return nodes.op("Unsqueeze", name, nodes.ints([0]))
        return nodes.op("Squeeze", name, nodes.ints([2])) if rank > wanted else name

    def _outputs(self, signature: Signature) -> tuple[str, str, str] | None:
        """Names of boxes, scores and numbers, if there is exactly one of each."""
        boxes = [
            name for name, shape in signature.outputs.items() if shape[-1:] == (4,) and self._fits(shape, 3)
        ]
        if len(boxes) != 1:
            return None
        several = signature.outputs[boxes[0]][-2]
        if (several or 1) > MOST:
            return None
        others = {
            name: shape
            for name, shape in signature.outputs.items()
            if name not in boxes and self._fits(shape, 2) and shape[-1] in (several, None)
        }
        numbers = [name for name in others if name in signature.integer or _means_class(name)]
        if numbers and self.unnamed:
            return None
        numbers = numbers or [name for name in others if _whole(signature, name)]
        scores = [
            name for name in others if name not in numbers and (not self.unnamed or signature.shares(name))
        ]
        return (boxes[0], scores[0], numbers[0]) if len(numbers) == len(scores) == 1 else None

    def _fits(self, shape: Shape, rank: int) -> bool:
        ranks = {True: (rank,), False: (rank - 1,), None: (rank - 1, rank)}[self.batched]
        return len(shape) in ranks


def _counts(shape: Shape) -> bool:
    """Whether an output holds one number a picture."""
    return len(shape) <= 2 and shape[1:] in ((), (1,))


def _whole(signature: Signature, name: str) -> bool:
    """Whether a run showed only whole numbers in an output, and not only zeros."""
    values = signature.values(name)
    return values is not None and bool((values == values.round()).all() and values.any())


def _means_class(name: str) -> bool:
    return any(word in name.lower() for word in ("class", "label", "cls"))


RT_DETR: Final = Triples(counted=False, letterbox=STRETCH)
TF_DETECTION: Final = Triples(word="detection_", first=1, yxyx=True, shares=True, white=1)
TF_UNNAMED: Final = Triples(
    first=1, yxyx=True, shares=True, white=1, batched=True, counted=True, unnamed=True
)
TFLITE: Final = Triples(
    yxyx=True, shares=True, batched=True, counted=True, unnamed=True, annotated=True, centred=True
)
TORCHVISION: Final = Triples(first=1, batched=False)
SSD: Final = Triples(first=1, shares=True, batched=True, counted=False, imagenet=True)
NMS_PLUGIN: Final = Triples(batched=True, counted=True)
