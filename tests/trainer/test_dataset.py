"""COCO files: what is read of them, and the line a bad one gets."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from trainer.__main__ import main
from trainer.errors import DatasetError
from trainer.nano.dataset import load

LABELS = ("person", "car")


def content() -> dict[str, Any]:
    return {
        "categories": [{"id": 7, "name": "person"}, {"id": 9, "name": "car"}, {"id": 4, "name": "kite"}],
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 400, "height": 200},
            {"id": 2, "file_name": "b.jpg", "width": 400, "height": 200, "labelled_classes": ["car", "kite"]},
            {"id": 3, "file_name": "c.jpg", "width": 400, "height": 200, "labelled_classes": ["kite"]},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [40, 20, 60, 80]},
            {"id": 2, "image_id": 1, "category_id": 4, "bbox": [0, 0, 5, 5]},
            {"id": 3, "image_id": 2, "category_id": 9, "bbox": [10, 10, 20, 20], "iscrowd": 1},
            {"id": 4, "image_id": 2, "category_id": 9, "bbox": [50, 10, 20, 20], "difficult": 1},
        ],
    }


def written(folder: Path, coco: Any) -> Path:
    (folder / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(folder / "images" / name), np.zeros((200, 400, 3), np.uint8))
    path = folder / "instances.json"
    path.write_text(coco if isinstance(coco, str) else json.dumps(coco))
    return path


def test_reads_boxes_labels_and_what_is_ignored(tmp_path: Path) -> None:
    first, second = load(written(tmp_path, content()), LABELS, longest=200)
    assert first.image.shape == (100, 200, 3)
    np.testing.assert_allclose(first.boxes, [[20, 10, 50, 50]])
    assert first.classes.tolist() == [0]
    assert first.labelled.tolist() == [True, True]
    assert second.labelled.tolist() == [False, True]
    assert second.ignored.tolist() == [True, True]


def changed(**parts: Any) -> dict[str, Any]:
    return content() | parts


@pytest.mark.parametrize(
    ("coco", "expected"),
    [
        ("{", "not a COCO file"),
        ([], "expected a COCO file"),
        ({"images": []}, "expected a COCO file"),
        (changed(images=[]), "no picture with a labelled class"),
        (changed(categories=[{"id": 1, "name": "kite"}]), "expected a category out of"),
        (
            changed(annotations=[{"id": 5, "image_id": 1, "category_id": 99, "bbox": [0, 0, 1, 1]}]),
            "category 99",
        ),
        (changed(images=[{"id": 1, "file_name": "lost.jpg"}]), "lost.jpg: no such picture"),
        (changed(images=[{"file_name": "a.jpg"}]), "damaged"),
        (changed(annotations=[{"id": 5, "image_id": 1, "category_id": 7, "bbox": [1, 2]}]), "damaged"),
    ],
)
def test_a_bad_set_gets_one_line(tmp_path: Path, coco: Any, expected: str) -> None:
    path = written(tmp_path, coco)
    with pytest.raises(DatasetError, match=expected) as caught:
        load(path, LABELS)
    assert str(path.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_prints_the_line_and_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.json"
    code = main(["nano", "train", "--coco", str(missing), "--out", str(tmp_path / "out"), "--minutes", "1"])
    assert code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"sightline: {missing}: not a COCO file")
    assert error.count("\n") == 1
