"""Every family knows its own models, and no others."""

import numpy as np
import pytest
from heads_final import flat

from detectors.errors import ModelLoadError, UnknownFamily
from detectors.families import candidates
from detectors.families.family import Signature
from detectors.families.grid import cells, strides_of
from detectors.families.pairs import priors
from detectors.labels import labels_in, labels_of

YOLOX = {"output": (1, 3549, 85)}
V8 = {"output0": (1, 84, 8400)}
SIGHTLINE = {
    **{f"cls{stride}": (1, 8, 320 // stride, 320 // stride) for stride in (8, 16, 32)},
    **{f"reg{stride}": (1, 4, 320 // stride, 320 // stride) for stride in (8, 16, 32)},
}


@pytest.mark.parametrize(
    ("side", "outputs", "families"),
    [
        (416, YOLOX, {"yolox": 80, "yolox-decoded": 80, "ultralytics-rows": 81, "nanodet": 53}),
        (640, V8, {"ultralytics-v8": 80}),
        (320, SIGHTLINE, {"sightline": 8}),
        (640, {"output0": (1, 25200, 85)}, {"yolov5": 80}),
        (352, {"758": (1, 85, 22, 22)}, {"fastestdet": 80}),
        (640, {"output0": (1, 300, 6)}, {"end-to-end": 80}),
        (640, {"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}, {"ultralytics-v8": 80}),
        (
            800,
            {"logits": (1, 100, 92), "boxes": (1, 100, 4)},
            {"detr": 80, "deformable-detr": 92, "yolo-nas": 92},
        ),
        (416, {"grid": (1, 125, 13, 13)}, {"yolov2": 20}),
    ],
)
def test_shapes_tell_the_families(side, outputs, families):
    found = candidates(Signature(side, side, outputs))
    assert {name: head.classes for name, head in found.items()} == families
    assert {(head.width, head.height) for head in found.values()} == {(side, side)}


@pytest.mark.parametrize(
    ("side", "outputs"),
    [
        (416, {"output": (1, 3549, 4)}),  # no class left
        (640, {"output0": (1, 4, 8400)}),
        (320, {**SIGHTLINE, "reg8": (1, 5, 40, 40)}),
        (320, {**SIGHTLINE, "cls8": (1, 7, 40, 40)}),
        (320, {**SIGHTLINE, "cls8": (1, 8, 20, 40)}),
        (416, {"output": (None, None, None)}),
        (416, {}),
    ],
)
def test_foreign_outputs_are_named_on_one_line(side, outputs):
    with pytest.raises(UnknownFamily) as raised:
        candidates(Signature(side, side, outputs))
    text = str(raised.value)
    assert "\n" not in text
    assert all(name in text for name in outputs)
    assert f"{side}x{side}" in text


PLUGIN = {"num_dets": (1, 1), "det_boxes": (1, 100, 4), "det_scores": (1, 100), "det_classes": (1, 100)}
YOLO_NAS = {
    "graph2_num_predictions": (1, 1),
    "graph2_pred_boxes": (1, 1000, 4),
    "graph2_pred_scores": (1, 1000),
    "graph2_pred_classes": (1, 1000),
}


@pytest.mark.parametrize("outputs", [PLUGIN, YOLO_NAS])
def test_a_count_beside_boxes_scores_and_classes_tells_suppression_by_a_plugin(outputs):
    numbers = frozenset(name for name in outputs if "num" in name or "classes" in name)
    assert list(candidates(Signature(640, 640, outputs, integer=numbers))) == ["nms-plugin"]


def test_queries_without_a_count_are_no_plugin():
    outputs = {"labels": (1, 300), "boxes": (1, 300, 4), "scores": (1, 300)}
    found = candidates(Signature(640, 640, outputs, integer=frozenset({"labels"})))
    assert set(found) == {"rt-detr", "ssd"}


def test_priors_of_a_grid_whose_last_cell_is_cut_off():
    table = priors(320, 240)
    assert len(table) == 4420
    # 240 pixels are 4 rows of stride 64: their middles are eighths, and the prior's height ends at 1.
    np.testing.assert_allclose(table[-1], (0.9, 0.875, 0.8, 1.0))
    np.testing.assert_allclose(table[-60], (0.1, 0.125, 0.4, 128 / 240))


def test_a_manifest_may_name_the_family():
    assert list(candidates(Signature(416, 416, YOLOX), "yolox-decoded")) == ["yolox-decoded"]
    with pytest.raises(UnknownFamily, match=r"ultralytics-v8.*output \[1,3549,85\]"):
        candidates(Signature(416, 416, YOLOX), "ultralytics-v8")
    with pytest.raises(ModelLoadError, match=r"expected one of sightline, yolox, .*, received 'fcos'"):
        candidates(Signature(416, 416, YOLOX), "fcos")


def test_other_tasks_of_ultralytics_are_no_more_classes():
    pose = {"task": "pose", "kpt_shape": "[17, 3]"}
    [head] = candidates(Signature(640, 640, {"output0": (1, 56, 8400)}, pose)).values()
    assert (head.classes, head.ignored) == (1, "its key points")
    for task in ("classify", "depth"):
        with pytest.raises(UnknownFamily):
            candidates(Signature(640, 640, V8, {"task": task}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{0: 'person', 1: 'bus'}", ("person", "bus")),
        ('{"0": "person", "1": "bus"}', ("person", "bus")),
        ("['person', 'bus']", ("person", "bus")),
        ("person,bus", ("person", "bus")),
        ("person\nbus\n", ("person", "bus")),
        ("{0: 'person', 2: 'bus'}", None),
        ("{__import__('os').getcwd(): 1}", None),
        ("[" * 5000, None),
        ("{}", None),
        ("", None),
        ("x" * 200_000, None),
    ],
)
def test_names_of_classes(text, expected):
    assert labels_of(text) == expected
    assert labels_in({"names": text}) == expected


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


@pytest.mark.parametrize(
    ("order", "families"),
    [
        ("pbsc", {"yolo-nas-final", "efficientdet"}),
        ("pbcs", {"yolov7-final"}),
        ("pcsb", {"detection-output"}),
    ],
)
def test_the_column_of_whole_numbers_tells_how_rows_of_seven_are_ordered(order, families):
    """In [1,n,7] a score may stand where others have the class."""
    rows = flat(order, counted=False)(np.random.default_rng(0))["rows"][None]
    found = candidates(Signature(96, 96, {"rows": (1, 20, 7)}, sample={"rows": rows}))
    assert set(found) == families


def test_rows_of_seven_that_hold_nothing_are_taken_for_the_usual_ones():
    rows = np.zeros((1, 20, 7), np.float32)
    assert set(candidates(Signature(96, 96, {"rows": (1, 20, 7)}, sample={"rows": rows}))) == {"efficientdet"}
