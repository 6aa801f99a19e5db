"""Every family knows its own models, and no others."""

import numpy as np
import pytest

from detectors.errors import UnknownFamily
from detectors.families import FAMILIES, candidates
from detectors.families.family import Signature
from detectors.families.grid import cells, strides_of
from detectors.labels import labels_in, labels_of

YOLOX = {"output": (1, 3549, 85)}
V8 = {"output0": (1, 84, 8400)}
SIGHTLINE = {
    **{f"cls{stride}": (1, 8, 320 // stride, 320 // stride) for stride in (8, 16, 32)},
    **{f"reg{stride}": (1, 4, 320 // stride, 320 // stride) for stride in (8, 16, 32)},
}


@pytest.mark.parametrize(
    ("side", "outputs", "family", "classes"),
    [(416, YOLOX, "yolox", 80), (640, V8, "ultralytics-v8", 80), (320, SIGHTLINE, "sightline", 8)],
)
def test_a_model_is_of_exactly_one_family(side, outputs, family, classes):
    signature = Signature(side, side, outputs)
    assert [name for name in FAMILIES if FAMILIES[name].recognise(signature)] == [family]
    name, head = recognise(signature)
    assert (name, head.classes, head.width, head.height) == (family, classes, side, side)


@pytest.mark.parametrize(
    ("side", "outputs"),
    [
        (640, {"output0": (1, 25200, 85)}),  # YOLOv5: three anchors a cell
        (352, {"758": (1, 85, 22, 22)}),  # FastestDet
        (416, {"output": (1, 3549, 5)}),  # no class left
        (640, {"output0": (1, 4, 8400)}),
        (640, {"output0": (1, 300, 6)}),  # end-to-end
        (640, {"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}),  # segmentation
        (320, {**SIGHTLINE, "reg8": (1, 5, 40, 40)}),
        (320, {**SIGHTLINE, "cls8": (1, 7, 40, 40)}),
        (320, {**SIGHTLINE, "cls8": (1, 8, 20, 40)}),
        (416, {"output": (None, None, None)}),
        (416, {}),
    ],
)
def test_foreign_outputs_are_named_on_one_line(side, outputs):
    with pytest.raises(UnknownFamily) as raised:
        recognise(Signature(side, side, outputs))
    text = str(raised.value)
    assert "\n" not in text
    assert all(name in text for name in outputs)
    assert f"{side}x{side}" in text


def test_a_manifest_may_name_the_family():
    assert recognise(Signature(416, 416, YOLOX), "yolox")[0] == "yolox"
    with pytest.raises(UnknownFamily, match=r"ultralytics-v8.*output \[1,3549,85\]"):
        recognise(Signature(416, 416, YOLOX), "ultralytics-v8")
    with pytest.raises(
        UnknownFamily, match="expected one of sightline, yolox, ultralytics-v8, received 'ssd'"
    ):
        recognise(Signature(416, 416, YOLOX), "ssd")


def test_other_tasks_of_ultralytics_are_not_detection():
    with pytest.raises(UnknownFamily):
        recognise(Signature(640, 640, V8, {"task": "pose"}))


def test_names_in_the_metadata():
    assert names("{0: 'person', 1: 'bus'}", 2) == ("person", "bus")
    assert names("{0: 'person', 2: 'bus'}", 2) is None
    assert names("{0: 'person'}", 2) is None
    assert names("__import__('os').getcwd()", 1) is None
    assert names("(" * 5000, 1) is None
    assert names("['person']", 1) is None
    assert names("", 1) is None


def test_cells_go_row_by_row_finest_first():
    grid = cells(32, 16, (8, 16))
    assert len(grid) == 4 * 2 + 2 * 1
    assert grid[5].tolist() == [1, 1, 8]
    assert grid[9].tolist() == [1, 0, 16]
    assert grid.dtype == np.float32


def test_strides_follow_from_the_number_of_cells():
    assert strides_of(416, 416, 3549) == (8, 16, 32)
    assert strides_of(640, 384, 5040) == (8, 16, 32)
    assert strides_of(1280, 1280, 34000) == (8, 16, 32, 64)
    assert strides_of(416, 416, 3550) is None
    assert strides_of(416, 416, None) is None
