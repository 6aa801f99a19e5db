"""The exported COCO set: a COCO reader loads it and finds the truth in it."""

import contextlib
import io
import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from streamer.capture.street.export import ABSENT, GAP_S, MIN_VISIBLE, export
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

OPTIONS = StreetOptions(seed=11, width=480, height=270, people=9, kinds=2)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(OPTIONS, 6, tmp_path_factory.mktemp("street") / "new" / "set")


def test_a_coco_reader_finds_the_boxes_of_the_truth(exported: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(exported))
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == ["person"]
    street = Street(OPTIONS)
    for number, image in enumerate(coco.loadImgs(sorted(coco.getImgIds()))):
        truth = street.frame(number * round(GAP_S * OPTIONS.fps)).truth
        found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        boxes = np.array([annotation["bbox"] for annotation in found])
        boxes[:, 2:] += boxes[:, :2]
        np.testing.assert_array_equal(boxes, truth.boxes)
        assert [annotation["identity"] for annotation in found] == truth.identities.tolist()
        assert [annotation["kind"] for annotation in found] == truth.kinds.tolist()
        ignored = [bool(annotation["iscrowd"]) for annotation in found]
        assert ignored == (truth.visible < MIN_VISIBLE).tolist()


def test_annotations_are_numbered_once(exported: Path) -> None:
    content = json.loads(exported.read_text())
    numbers = [annotation["id"] for annotation in content["annotations"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_pictures_say_which_classes_are_labelled_and_which_never_occur(exported: Path) -> None:
    for image in json.loads(exported.read_text())["images"]:
        assert image["labelled_classes"] == ["person", *ABSENT]


def test_pictures_are_there_and_differ(exported: Path) -> None:
    content = json.loads(exported.read_text())
    pictures = [
        cv2.imread(str(exported.parent / "images" / image["file_name"])) for image in content["images"]
    ]
    assert len(pictures) == 6
    for before, after in itertools.pairwise(pictures):
        assert before.shape == (270, 480, 3)
        assert (np.abs(before.astype(int) - after).max(axis=2) > 40).mean() > 0.01


def test_no_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected at least 1 frame, received 0"):
        export(OPTIONS, 0, tmp_path)


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("here already")
    with pytest.raises(OSError, match="set"):
        export(OPTIONS, 1, tmp_path / "set")


def test_parked_cars_are_a_category_of_their_own(tmp_path: Path) -> None:
    options = StreetOptions(seed=11, width=480, height=270, people=2, parked=3)
    content = json.loads(export(options, 2, tmp_path).read_text())
    assert [category["name"] for category in content["categories"]] == ["person", "car"]
    truth = Street(options).frame(0).truth
    first = [entry for entry in content["annotations"] if entry["image_id"] == 1]
    names = {category["id"]: category["name"] for category in content["categories"]}
    assert [names[entry["category_id"]] for entry in first] == truth.labels.tolist()
    assert "car" in truth.labels
    for image in content["images"]:
        assert "car" in image["labelled_classes"]
        assert "truck" not in image["labelled_classes"], "a tall car is labelled so in photographs"
