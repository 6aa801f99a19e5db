"""The families of detectors that are understood: one decode a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.errors import ModelLoadError, UnknownFamily
from detectors.families import anchors, detr, finalrows, nanodet, pairs, priors, triples
from detectors.families.endtoend import EfficientDet, EndToEnd
from detectors.families.fastestdet import FastestDet
from detectors.families.kerasyolo import KerasYolo
from detectors.families.scrfd import Scrfd
from detectors.families.sightline import Sightline
from detectors.families.ultralytics import Ultralytics, UltralyticsRows
from detectors.families.yolofastest import YoloFastestV2
from detectors.families.yolov5 import Yolov5
from detectors.families.yolox import Yolox, YoloxDecoded
from detectors.families.yunet import YuNet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.families.family import Family, Head, Signature

FAMILIES: Final[Mapping[str, Family]] = {
    "sightline": Sightline(),
    "yolox": Yolox(),
    "yolox-decoded": YoloxDecoded(),
    "ultralytics-v8": Ultralytics(),
    "ultralytics-rows": UltralyticsRows(),
    "end-to-end": EndToEnd(),
    "yolov2": anchors.YOLOV2,
    "yolov3": anchors.YOLOV3,
    "yolov3-tiny": anchors.YOLOV3_TINY,
    "yolov3-keras": KerasYolo(),
    "yolov4-tiny": anchors.YOLOV4_TINY,
    "yolov4": anchors.YOLOV4,
    "yolov4-decoded": pairs.YOLOV4_DECODED,
    "yolov5": Yolov5(),
    "yolov5-raw": anchors.YOLOV5,
    "yolov7-raw": anchors.YOLOV7,
    "yolov7-final": finalrows.YOLOV7_FINAL,
    "yolo-nas-final": finalrows.YOLO_NAS_FINAL,
    "yolo-fastestv2": YoloFastestV2(),
    "yolo-nas": pairs.YOLO_NAS,
    "pp-yoloe": pairs.PP_YOLOE,
    "paddle-final": finalrows.PADDLE,
    "class-first": finalrows.CLASS_FIRST,
    "detection-output": finalrows.DETECTION_OUTPUT,
    "picodet": nanodet.PICODET,
    "nanodet": nanodet.NANODET,
    "nanodet-plus": nanodet.NANODET_PLUS,
    "fastestdet": FastestDet(),
    "ultraface": pairs.UltraFace(raw=False),
    "ultraface-raw": pairs.UltraFace(raw=True),
    "scrfd": Scrfd(),
    "yunet": YuNet(),
    "efficientdet": EfficientDet(),
    "detr": detr.Queries(softmax=True),
    "deformable-detr": detr.Queries(softmax=False),
    "rt-detr-ultralytics": detr.QueryRows(),
    "rt-detr": triples.RT_DETR,
    "tf-detection": triples.TF_DETECTION,
    "tf-detection-unnamed": triples.TF_UNNAMED,
    "tflite-detection": triples.TFLITE,
    "mmdeploy": finalrows.Mmdeploy(),
    "retinanet": priors.RETINANET,
    "retinanet-scored": priors.RETINANET_SCORED,
    "ssd": triples.SSD,
    "torchvision": triples.TORCHVISION,
    "nms-plugin": triples.NMS_PLUGIN,
}


def candidates(signature: Signature, named: str | None = None) -> dict[str, Head]:
    """The families whose models have such inputs and outputs, with the head that each would see.

    Args:
        signature: what the file says about itself.
        named: the only family to consider, where a manifest names it.

    Raises:
        UnknownFamily: no family reads such outputs.
        ModelLoadError: there is no family of that name.
    """
    if named is not None and named not in FAMILIES:
        raise ModelLoadError(f"family: expected one of {', '.join(FAMILIES)}, received {named!r}")
    considered = FAMILIES if named is None else (named,)
    found = {name: head for name in considered if (head := FAMILIES[name].recognise(signature)) is not None}
    if found:
        return found
    outputs = ", ".join(f"{name} {_shape(shape)}" for name, shape in list(signature.outputs.items())[:8])
    raise UnknownFamily(
        f"outputs of {named or 'no known family'} on a {signature.width}x{signature.height} input: "
        f"{outputs or 'none'} (detectors/README.md tells what each family's are)"
    )


def _shape(shape: tuple[int | None, ...]) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
