"""Every family says which upstream code it follows, at which commit; its decode in the tests does, too."""

import inspect
import re
import sys

import pytest
from heads import KINDS

from detectors.families import FAMILIES
from detectors.families.family import Head

SECTION = re.compile(r"^Source of ([a-z0-9, -]+):(.*?)(?=^Source of |\Z)", re.DOTALL | re.MULTILINE)
CITED = re.compile(r"[\w.-]+/[\w.-]+ ``[^`]+``")
COMMIT = re.compile(r"\(commit ([0-9a-f]{12}), [^)]+\)")
NONE = "none found in a stored repository; written from"
OURS = "this repository, ``trainer/``"


def source_of(name):
    """What the file of a family says of its source, on one line."""
    text = inspect.getdoc(sys.modules[type(FAMILIES[name]).__module__])
    [said] = [told for names, told in SECTION.findall(text) if name in names.split(", ")]
    return " ".join(said.split())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_source_of_a_family_is_named_with_its_commit(name):
    said = source_of(name)
    if NONE in said or OURS in said:
        return
    assert CITED.search(said), said
    assert COMMIT.search(said), said
    assert said.count("(commit") == len(COMMIT.findall(said)), said


def test_no_source_is_of_a_family_that_is_none():
    modules = {sys.modules[type(family).__module__] for family in FAMILIES.values()}
    named = [
        name for each in modules for names, _ in SECTION.findall(each.__doc__) for name in names.split(", ")
    ]
    assert sorted(named) == sorted(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_decode_of_the_tests_follows_the_same_code(name):
    decode = KINDS[name].decode
    outer = getattr(sys.modules[decode.__module__], decode.__qualname__.split(".")[0])
    said = source_of(name)
    if NONE in said or OURS in said:
        assert inspect.getdoc(outer)
        return
    followed = re.findall(r"\(commit\s+([0-9a-f]{12})\)", inspect.getdoc(outer) or "")
    assert set(followed) & set(COMMIT.findall(said)), (followed, said)


IMAGENET = ("rgb", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
OPENMMLAB = ("bgr", (103.53, 116.28, 123.675), (57.375, 57.12, 58.395))
RGB, BGR = ("rgb", (0, 0, 0), (255, 255, 255)), ("bgr", (0, 0, 0), (255, 255, 255))
RAW_RGB, RAW_BGR = ("rgb", (0, 0, 0), (1, 1, 1)), ("bgr", (0, 0, 0), (1, 1, 1))
PREPARED = {
    "sightline": (*RAW_BGR, "top-left", 114),
    "yolox": (*RAW_BGR, "top-left", 114),
    "yolox-decoded": (*RAW_BGR, "top-left", 114),
    "ultralytics-v8": (*RGB, "centre", 114),
    "ultralytics-rows": (*RGB, "centre", 114),
    "end-to-end": (*RGB, "centre", 114),
    "yolov2": (*RAW_RGB, "stretch", None),
    "yolov3": (*RGB, "centre", 128),
    "yolov3-tiny": (*RGB, "centre", 128),
    "yolov3-keras": (*RGB, "centre", 128),
    "yolov4": (*RGB, "centre", 128),
    "yolov4-tiny": (*RGB, "centre", 128),
    "yolov4-decoded": (*RGB, "stretch", None),
    "yolov5": (*RGB, "centre", 114),
    "yolov5-raw": (*RGB, "centre", 114),
    "yolov7-raw": (*RGB, "centre", 114),
    "yolov7-final": (*RGB, "centre", 114),
    "yolo-nas": (*RGB, "centre", 114),
    "yolo-nas-final": (*RGB, "centre", 114),
    "class-first": (*RGB, "centre", 114),
    "detection-output": (*RGB, "stretch", None),
    "nms-plugin": (*RGB, "centre", 114),
    "yolo-fastestv2": (*BGR, "stretch", None),
    "fastestdet": (*BGR, "stretch", None),
    "pp-yoloe": (*RGB, "stretch", None),
    "paddle-final": (*RGB, "stretch", None),
    "picodet": (*IMAGENET, "stretch", None),
    "nanodet": (*OPENMMLAB, "centre", 0),
    "nanodet-plus": (*OPENMMLAB, "stretch", None),
    "mmdeploy": (*OPENMMLAB, "top-left", 114),
    "ultraface": ("rgb", (127, 127, 127), (128, 128, 128), "stretch", None),
    "ultraface-raw": ("rgb", (127, 127, 127), (128, 128, 128), "stretch", None),
    "scrfd": ("rgb", (127.5, 127.5, 127.5), (128, 128, 128), "top-left", 0),
    "yunet": (*RAW_BGR, "top-left", 0),
    "efficientdet": (*RAW_RGB, "top-left", 0),
    "tf-detection": (*RAW_RGB, "centre", 114),
    "tf-detection-unnamed": (*RAW_RGB, "centre", 114),
    "tflite-detection": ("rgb", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5), "stretch", None),
    "torchvision": (*RGB, "centre", 114),
    "detr": (*IMAGENET, "stretch", None),
    "deformable-detr": (*IMAGENET, "stretch", None),
    "rt-detr": (*RGB, "stretch", None),
    "rt-detr-ultralytics": (*RGB, "stretch", None),
    "ssd": (*IMAGENET, "stretch", None),
    "retinanet": (*IMAGENET, "top-left", 116),
    "retinanet-scored": (*IMAGENET, "top-left", 116),
}
"""As the sources prepare pictures: channels, mean and deviation in their order, fit, grey of the rest."""


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_are_prepared_as_the_source_does_it(name):
    spec = FAMILIES[name].input(Head(64, 64, (), 3, ("output",)))
    box = spec.letterbox
    pad = None if box.mode == "stretch" else box.pad
    assert (spec.channels, spec.mean, spec.std, box.mode, pad) == PREPARED[name]
