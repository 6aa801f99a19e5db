"""The size at which models of a family usually run, for exports that take pictures of any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Size = tuple[int, int]

MOST: Final[Size] = (640, 640)
CLASSIFIER: Final[Size] = (224, 224)
USUAL: Final[Mapping[str, Size]] = {
    **dict.fromkeys(("yolov2", "yolov3", "yolov3-tiny", "yolov3-keras"), (416, 416)),
    **dict.fromkeys(("yolov4", "yolov4-tiny", "yolov4-decoded", "nanodet-plus", "picodet"), (416, 416)),
    **dict.fromkeys(("nanodet", "sightline"), (320, 320)),
    **dict.fromkeys(("yolo-fastestv2", "fastestdet"), (352, 352)),
    **dict.fromkeys(("ultraface", "ultraface-raw"), (320, 240)),
    **dict.fromkeys(("detr", "retinanet", "retinanet-scored", "torchvision"), (800, 800)),
    "efficientdet": (512, 512),
    "ssd": (1200, 1200),
}
"""Width and height, as the weights of their sources were trained; those of all others are ``MOST``."""
TRIED: Final = tuple(dict.fromkeys((MOST, *USUAL.values(), CLASSIFIER)))
"""One after the other, until a model runs at one and its outputs fit a family: some only say that they take
any."""


def usual_for(family: str, task: str) -> Size:
    """Width and height of the pictures that models of a family usually take."""
    return USUAL.get(family, MOST) if task == "detect" else CLASSIFIER
