"""Average precision on sets whose figures are known beforehand."""

import json

import cv2
import numpy as np
import pytest
from miniature import BOXES, LABELS, SIDE, write, yolox

from detectors.detector import load
from detectors.errors import DetectorError
from detectors.measuring.evaluate import evaluate
from detectors.session import SessionOptions
from streamer.commands.models.evaluating import claim

CATEGORIES = [{"id": 7, "name": "cow"}, {"id": 3, "name": "bee"}, {"id": 9, "name": "unknown to the model"}]
NUMBERS = {"cow": 7, "bee": 3}


@pytest.fixture
def detector(tmp_path):
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    return load(str(path), SessionOptions(provider="cpu", workers=2), cache=tmp_path / "cache")


def annotation(picture, name, **more):
    x1, y1, x2, y2 = BOXES[name]
    box = [x1, y1, x2 - x1, y2 - y1]
    return {"image_id": picture, "category_id": NUMBERS[name], "bbox": box, **more}


def scores(detector, folder, images, annotations):
    """Evaluate on pictures that are white: the model finds a bee and a cow in each."""
    for image in images:
        cv2.imwrite(str(folder / image["file_name"]), np.full((SIDE, SIDE, 3), 255, np.uint8))
    instances = folder / "instances.json"
    instances.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES, "info": {}})
    )
    return evaluate(detector, instances, folder)


def image(number, **more):
    return {"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE, **more}


def figures(value):
    """All of one value, of a set in which everything is small."""
    return {
        **dict.fromkeys(("AP", "AP50", "AP75", "AP_small", "recall", "recall_small"), value),
        "AP_medium": None,
        "AP_large": None,
    }


def test_everything_found_is_one(detector, tmp_path):
    truth = [annotation(1, "bee"), annotation(1, "cow"), annotation(2, "bee"), annotation(2, "cow")]
    perfect = figures(pytest.approx(1))
    found = scores(detector, tmp_path, [image(1), image(2)], truth)
    assert found == {**perfect, "per_class": {"bee": perfect, "cow": perfect}}


def test_a_false_alarm_halves_the_precision(detector, tmp_path):
    """Two cows of equal score, the false one in the first picture: the true one comes second."""
    truth = [annotation(1, "bee"), annotation(2, "bee"), annotation(2, "cow")]
    found = scores(detector, tmp_path, [image(1), image(2)], truth)
    assert found["per_class"]["bee"]["AP50"] == pytest.approx(1)
    assert found["per_class"]["cow"]["AP50"] == pytest.approx(0.5)
    assert found["AP50"] == pytest.approx(0.75)


def test_a_picture_counts_only_for_its_labelled_classes(detector, tmp_path):
    truth = [annotation(1, "bee"), annotation(1, "cow"), annotation(2, "bee")]
    images = [image(1), image(2, labelled_classes=["bee", "something else"])]
    assert scores(detector, tmp_path, images, truth)["AP50"] == pytest.approx(1)
    # Boxes of a class the picture is not labelled for do not count either.
    stray = [*truth, {**annotation(2, "cow"), "bbox": [40, 40, 5, 5]}]
    assert scores(detector, tmp_path, images, stray)["AP50"] == pytest.approx(1)


@pytest.mark.parametrize("flag", ["iscrowd", "difficult"])
def test_ignored_boxes_are_neither_hit_nor_miss(flag, detector, tmp_path):
    truth = [
        annotation(1, "bee"),
        annotation(1, "cow", **{flag: 1}),
        annotation(2, "bee"),
        annotation(2, "cow"),
    ]
    missed = {**annotation(2, "bee", **{flag: 1}), "bbox": [50, 50, 10, 10]}
    assert scores(detector, tmp_path, [image(1), image(2)], [*truth, missed])["AP50"] == pytest.approx(1)


def test_whatever_lies_in_a_crowd_is_neither_a_hit_nor_a_miss(detector, tmp_path):
    """Of a crowd counts how much of a detection lies in it, not how much they overlap."""
    crowd = {"image_id": 1, "category_id": NUMBERS["cow"], "bbox": [0, 0, SIDE, SIDE], "iscrowd": 1}
    truth = [annotation(1, "bee"), annotation(2, "bee"), annotation(2, "cow")]
    found = scores(detector, tmp_path, [image(1), image(2)], [*truth, crowd])
    assert found["per_class"]["cow"]["AP50"] == pytest.approx(1)
    # As large a box that is no crowd is one more object, which nothing finds.
    plain = scores(detector, tmp_path, [image(1), image(2)], [*truth, crowd | {"iscrowd": 0}])
    assert plain["per_class"]["cow"]["AP50"] < 0.6


def test_a_crowd_of_another_class_excuses_nothing(detector, tmp_path):
    crowd = {"image_id": 1, "category_id": NUMBERS["bee"], "bbox": [0, 0, SIDE, SIDE], "iscrowd": 1}
    truth = [annotation(1, "bee"), annotation(2, "bee"), annotation(2, "cow"), crowd]
    found = scores(detector, tmp_path, [image(1), image(2)], truth)
    assert found["per_class"]["cow"]["AP50"] == pytest.approx(0.5)


def test_recall_counts_what_is_found_at_the_threshold_of_the_model(detector, tmp_path):
    truth = [annotation(1, "bee"), annotation(1, "cow"), annotation(2, "cow"), annotation(2, "bee")]
    missed = [
        {**annotation(2, "bee"), "bbox": [50, 2, 10, 10]},
        {**annotation(2, "cow"), "bbox": [0, 0, 60, 63]},
    ]
    found = scores(detector, tmp_path, [image(1), image(2)], [*truth, *missed])
    assert found["per_class"]["bee"]["recall"] == pytest.approx(2 / 3)
    assert found["per_class"]["bee"]["recall_small"] == pytest.approx(2 / 3)
    # What is missed of the cows is 60x63 pixels.
    assert found["per_class"]["cow"]["recall"] == pytest.approx(2 / 3)
    assert found["per_class"]["cow"]["recall_small"] == pytest.approx(1)
    assert found["recall"] == pytest.approx(2 / 3)


def test_what_the_model_is_not_sure_of_is_not_recalled(tmp_path):
    """The cow has 0.7."""
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS, thresholds={"confidence": 0.75})
    detector = load(str(path), SessionOptions(provider="cpu", workers=2), cache=tmp_path / "cache")
    found = scores(detector, tmp_path, [image(1)], [annotation(1, "bee"), annotation(1, "cow")])
    assert (found["per_class"]["bee"]["recall"], found["per_class"]["cow"]["recall"]) == (1, 0)
    assert found["AP50"] == pytest.approx(1)


def test_large_objects_alone_have_no_recall_of_small_ones(detector, tmp_path):
    large = {**annotation(1, "bee"), "bbox": [0, 0, 60, 60]}
    assert scores(detector, tmp_path, [image(1)], [large])["recall_small"] is None


def test_regions_are_looked_at_one_by_one(detector, tmp_path):
    """A picture of two white squares: each is what a miniature expects of a whole picture."""
    cv2.imwrite(str(tmp_path / "1.png"), np.full((SIDE, 2 * SIDE, 3), 255, np.uint8))
    right = {**annotation(1, "bee"), "bbox": [SIDE + 20, 20, 24, 24]}
    truth = {"images": [image(1)], "annotations": [annotation(1, "bee"), right], "categories": CATEGORIES}
    instances = tmp_path / "instances.json"
    instances.write_text(json.dumps(truth))
    halves = ((0, 0, 0.5, 1), (0.5, 0, 1, 1))
    assert evaluate(detector, instances, tmp_path, halves)["AP"] == pytest.approx(1)
    assert evaluate(detector, instances, tmp_path)["AP"] == 0


def test_classes_without_a_box_are_not_listed(detector, tmp_path):
    found = scores(detector, tmp_path, [image(1)], [annotation(1, "bee")])
    assert found["per_class"].keys() == {"bee"}


def test_nothing_found_is_zero(detector, tmp_path):
    cv2.imwrite(str(tmp_path / "dark.png"), np.zeros((SIDE, SIDE, 3), np.uint8))
    instances = tmp_path / "instances.json"
    truth = {"images": [{"id": 1, "file_name": "dark.png"}], "annotations": [annotation(1, "bee")]}
    instances.write_text(json.dumps({**truth, "categories": CATEGORIES}))
    nothing = figures(0)
    assert evaluate(detector, instances, tmp_path) == {**nothing, "per_class": {"bee": nothing}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Invalid JSON"),
        ("{}", "images: Field required"),
        ('{"images": [{"id": 1}], "annotations": [], "categories": []}', "images.0.file_name: Field"),
        ('{"images": [], "annotations": [], "categories": []}', "none of its classes is known to mini"),
        ('{"images": [{"id": 1, "file_name": "gone.jpg"}], "annotations": [],'
         ' "categories": [{"id": 1, "name": "bee"}]}', "gone.jpg: no picture that can be read"),
    ],
)  # fmt: skip
def test_a_set_that_cannot_be_used_is_one_line(text, why, detector, tmp_path):
    (tmp_path / "instances.json").write_text(text)
    with pytest.raises(DetectorError, match=why) as raised:
        evaluate(detector, tmp_path / "instances.json", tmp_path)
    assert "\n" not in str(raised.value)


def test_a_set_that_is_not_there(detector, tmp_path):
    with pytest.raises(DetectorError, match=r"nowhere.json: No such file"):
        evaluate(detector, tmp_path / "nowhere.json", tmp_path)


def test_a_file_that_can_be_written_is_neither_made_nor_changed_beforehand(tmp_path):
    figures = tmp_path / "figures.json"
    claim(figures)
    assert not figures.exists()
    figures.write_text("{}")
    claim(figures)
    assert figures.read_text() == "{}"
