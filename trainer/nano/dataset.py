"""Labelled pictures from a COCO file, of which not every class need be labelled in every picture."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from trainer.errors import DatasetError

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture with its objects.

    `image` uint8 [H, W, 3] BGR; `boxes` float32 [N, 4] xyxy in its pixels; `classes` int64 [N];
    `ignored` bool [N]: neither object nor background (crowds, difficult ones); `labelled` bool [C]:
    classes of which every object of the picture is known.
    """

    image: Image
    boxes: Floats
    classes: Ints
    ignored: Flags
    labelled: Flags


def load(annotations: Path, labels: Sequence[str], longest: int = 384) -> list[Picture]:
    """The pictures of a COCO file that have a labelled class of ours, with a long side of at most `longest`.

    Pictures lie in `images/` beside the file. `images[].labelled_classes` names the exhaustively labelled
    classes; without it all categories of the file are.

    Raises:
        DatasetError: The file or a picture is missing or damaged, or nothing of it can be trained on.
    """
    content = _read(annotations)
    try:
        pictures = list(_pictures(content, annotations.parent / "images", labels, longest))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{annotations}: damaged: {type(error).__name__} {error}") from error
    except DatasetError as error:
        raise DatasetError(f"{annotations}: {error}") from error
    if not pictures:
        raise DatasetError(f"{annotations}: no picture with a labelled class out of {list(labels)}")
    return pictures


def _pictures(
    content: dict[str, list[dict[str, Any]]], folder: Path, labels: Sequence[str], longest: int
) -> Iterator[Picture]:
    names = {entry["id"]: entry["name"] for entry in content["categories"]}
    if not set(names.values()) & set(labels):
        raise DatasetError(f"expected a category out of {list(labels)}. Received: {list(names.values())}")
    objects: dict[int, list[dict[str, Any]]] = {}
    for entry in content["annotations"]:
        if entry["category_id"] not in names:
            raise DatasetError(f"annotation {entry['id']} has unknown category {entry['category_id']}")
        objects.setdefault(entry["image_id"], []).append(entry | {"label": names[entry["category_id"]]})
    for entry in content["images"]:
        labelled = np.isin(labels, entry.get("labelled_classes", list(names.values())))
        known = [item for item in objects.get(entry["id"], ()) if item["label"] in labels]
        if labelled.any():
            image, scale = _image(folder / entry["file_name"], longest)
            yield Picture(image, *_objects(known, labels, scale), labelled)


def _read(annotations: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        content = json.loads(annotations.read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{annotations}: not a COCO file: {error}") from error
    if not isinstance(content, dict) or not {"images", "annotations", "categories"} <= content.keys():
        raise DatasetError(f"{annotations}: expected a COCO file with images, annotations and categories")
    return content


def _image(path: Path, longest: int) -> tuple[Image, float]:
    """The picture with a long side of at most `longest`, and the scale that took."""
    image = cv2.imread(str(path)) if path.is_file() else None
    if image is None:
        raise DatasetError(f"{path}: no such picture, or not one that can be read")
    scale = min(1.0, longest / max(image.shape[:2]))
    if scale < 1:
        size = round(image.shape[1] * scale), round(image.shape[0] * scale)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8), scale


def _objects(
    found: Sequence[dict[str, Any]], labels: Sequence[str], scale: float
) -> tuple[Floats, Ints, Flags]:
    """Boxes, classes and ignore flags."""
    boxes = np.array([item["bbox"] for item in found], np.float32).reshape(len(found), 4) * np.float32(scale)
    boxes[:, 2:] += boxes[:, :2]
    classes = np.array([labels.index(item["label"]) for item in found], np.int64)
    ignored = np.array([bool(item.get("iscrowd") or item.get("difficult")) for item in found], np.bool_)
    return boxes, classes, ignored
