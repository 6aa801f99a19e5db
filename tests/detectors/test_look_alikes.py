"""Models of the same shapes that mean something else: read as they mean it, or refused."""

import json

import cv2
import numpy as np
import onnx
import oracle
import pytest
from lookalikes import SIDE, bare, columns, final, lists, pairs, rows, with_head, with_scores

from detectors.coco import COCO_LABELS
from detectors.detections import CLASS_NAME
from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.families.boxes import Meaning, meaning
from detectors.families.family import Signature
from detectors.families.grid import places
from detectors.session import Limits, SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)
PHOTOS = ("bus.jpg", "dog.jpg", "person.jpg")
READ = {
    "v8 with corners": (columns("xyxy"), "ultralytics-v8"),
    "v8 with y before x": (columns("yxyx"), "ultralytics-v8"),
    "v8 in shares, as TensorFlow exports have it": (columns("cxcywh", SIDE), "ultralytics-v8"),
    "rows with first corner and size": (rows("xywh"), "yolox-decoded"),
    "rows in shares": (rows("cxcywh", SIDE), "yolox-decoded"),
    "rows whose objectness is 1, as YOLOv6 has it": (with_scores("one", "joined"), "yolox-decoded"),
    "rows whose scores hold the objectness": (with_scores("plain", "joined"), "yolox-decoded"),
    "pairs with centre and size": (pairs("cxcywh", ("Identity_1", "612")), "yolo-nas"),
    "no axis for the batch": (bare, "ultralytics-v8"),
    "class before score": (final("bcs"), "class-first"),
    "end to end in shares": (final("bsc", side=SIDE), "end-to-end"),
    "end to end, numbered from 1 on": (final("bsc", first=1), "end-to-end"),
    "end to end, y before x": (final("tsc"), "end-to-end"),
    "YOLOv7 with an axis for the batch": (final("pbcs"), "yolov7-final"),
    "DetectionOutput": (final("pcsb", batch=4, side=SIDE, first=1), "detection-output"),
    "EfficientDet, numbered from 1 to 80": (final("ptsc", first=1), "efficientdet"),
    "three lists of floats": (lists("xyxy", 0), "rt-detr"),
    "three lists, y before x, numbered from 1 on": (lists("yxyx", 1), "rt-detr"),
}


@pytest.fixture(scope="module")
def source(test_data):
    return test_data / "models" / "yolox_nano.onnx"


@pytest.fixture(scope="module")
def original(source, test_data, tmp_path_factory):
    """What the real model finds when its pictures are fitted in as those of another are."""
    folder = tmp_path_factory.mktemp("original")

    def found(letterbox):
        path = folder / f"{letterbox.mode}{letterbox.pad}.onnx"
        if not path.exists():
            path.write_bytes(source.read_bytes())
            said = {"letterbox": letterbox.model_dump(), "channels": "bgr"}
            path.with_suffix(".json").write_text(json.dumps({"input": said}))
        return boxes_of(load(str(path), CPU, cache=folder), test_data)

    return found


def boxes_of(detector, test_data, confidence=0.35):
    """Picture, label, box and score of all that is found."""
    told = []
    for photo in PHOTOS:
        image = cv2.imread(str(test_data / "photos" / photo))
        [found] = detector.infer([detector.prepare(image)], Limits(confidence, 0.45))
        names = found.data[CLASS_NAME]
        told += [(photo, *each) for each in zip(names, found.xyxy, found.confidence, strict=True)]
    return told


def assert_alike(some, others):
    assert len(some) == len(others) >= 10
    for photo, label, box, score in some:
        assert any(
            (photo, label) == (each[0], each[1])
            and oracle.iou(box, each[2]) > 0.95
            and score == pytest.approx(each[3], abs=0.01)
            for each in others
        ), (photo, label, score)


@pytest.mark.realdata
@pytest.mark.parametrize("name", READ)
def test_finds_what_the_original_finds(name, source, original, test_data, tmp_path):
    head, family = READ[name]
    onnx.save(with_head(source, head), tmp_path / "model.onnx")
    detector = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)
    assert detector.manifest.family == family
    assert_alike(boxes_of(detector, test_data), original(detector.manifest.input.letterbox))


@pytest.mark.realdata
@pytest.mark.parametrize("form", ["xyxy", "yxyx", "xywh"])
def test_boxes_of_what_is_in_no_street_are_told_by_where_they_lie(
    form, source, original, test_data, tmp_path
):
    onnx.save(with_head(source, columns(form)), tmp_path / "model.onnx")
    labels = [f"my {label}" for label in COCO_LABELS]
    (tmp_path / "model.json").write_text(
        json.dumps({"labels": labels, "input": {"channels": "bgr", "std": [1, 1, 1]}})
    )
    detector = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)
    found = [(photo, label[3:], *rest) for photo, label, *rest in boxes_of(detector, test_data)]
    assert_alike(found, original(detector.manifest.input.letterbox))


@pytest.mark.realdata
@pytest.mark.parametrize("rgb", [True, False])
@pytest.mark.parametrize("white", [255, 1])
@pytest.mark.parametrize("head", [columns("cxcywh"), rows("cxcywh")])
def test_oranges_tell_the_order_of_colours(head, rgb, white, source, tmp_path):
    """The street alone does not: read in the wrong order this model finds as much in it."""
    onnx.save(with_head(source, head, rgb=rgb, white=white), tmp_path / "model.onnx")
    spec = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path).manifest.input
    assert (spec.channels, spec.std[0]) == ("rgb" if rgb else "bgr", 255 / white)


@pytest.mark.realdata
def test_what_metadata_says_of_pictures_is_not_tried(source, tmp_path):
    model = with_head(source, columns("cxcywh"))
    for key, value in {"mean": "[0.5, 0.5, 0.5]", "std": "[0.25, 0.25, 0.25]", "channels": "bgr"}.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, tmp_path / "model.onnx")
    (tmp_path / "model.json").write_text('{"family": "ultralytics-v8"}')
    spec = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path).manifest.input
    assert (spec.channels, spec.mean[0], spec.std[0]) == ("bgr", 127.5, 63.75)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("objectness", "classes", "says"),
    [
        ("plain", "twice", "classes that are all as likely as one another"),
        ("twice", "plain", "81 classes have no names"),
    ],
)
def test_scores_after_two_sigmoids_are_refused(objectness, classes, says, source, tmp_path):
    onnx.save(with_head(source, with_scores(objectness, classes)), tmp_path / "model.onnx")
    with pytest.raises(ModelLoadError, match=says):
        load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)


BOXES = Meaning("cxcywh", shares=False)


def at_cells(rng):
    """Boxes xyxy about the cells of a 64x64 picture, wider than high."""
    grid = places(64, 64, 84)
    centre = grid[:, :2] + rng.uniform(-0.4, 0.4, (84, 2)) * grid[:, 2:]
    half = rng.uniform(0.3, 0.6, (84, 2)) * (3, 2) * grid[:, 2:]
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("form", ["cxcywh", "xywh", "xyxy", "yxyx"])
def test_boxes_say_themselves_what_they_are(form, shares):
    corners = at_cells(np.random.default_rng(0)) / (64 if shares else 1)
    first, last = corners[:, :2], corners[:, 2:]
    boxes = {
        "cxcywh": ((first + last) / 2, last - first),
        "xywh": (first, last - first),
        "xyxy": (first, last),
        "yxyx": (first[:, ::-1], last[:, ::-1]),
    }[form]
    told = meaning(Signature(64, 64, {}), np.concatenate(boxes, axis=1), BOXES)
    assert told == Meaning(form, shares)


def test_boxes_without_cells_are_no_centre_and_size_where_all_are_corners():
    corners = at_cells(np.random.default_rng(0))[:40]
    assert meaning(Signature(64, 64, {}), corners, BOXES) == Meaning("xyxy", shares=False)


def test_few_boxes_and_none_say_nothing():
    assert meaning(Signature(64, 64, {}), at_cells(np.random.default_rng(0))[:5], BOXES) == BOXES
    assert meaning(Signature(64, 64, {}), np.zeros((84, 4), np.float32), BOXES) == BOXES


def test_offsets_from_priors_are_no_boxes():
    offsets = np.random.default_rng(0).normal(0, 1, (84, 4)).astype(np.float32)
    assert meaning(Signature(64, 64, {}), offsets, Meaning("xyxy", shares=False)) is None
