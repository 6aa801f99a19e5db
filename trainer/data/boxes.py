"""Crops of the boxes that a detection set (COCO, YOLO) draws around its objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from PIL import Image

from trainer.data.picture import SUFFIXES
from trainer.data.sample import FileSource, Listing, Sample
from trainer.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainer.data.sample import Crop

LISTS: Final = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names")


def coco(path: Path) -> Listing:
    """Crops of a COCO file; its pictures lie beside it or in ``images/``.

    Raises:
        DatasetError: it is no COCO file.
    """
    try:
        told = json.loads(path.read_bytes())
        names = {each["id"]: str(each["name"]) for each in told["categories"]}
        files = {each["id"]: str(each["file_name"]) for each in told["images"]}
        rows = [
            (files[each["image_id"]], names[each["category_id"]], _corners(each["bbox"]), each["id"])
            for each in told["annotations"]
            if not each.get("iscrowd")
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(f"{path}: not a COCO file of boxes: {type(error).__name__}: {error}") from error
    folders = [
        folder
        for folder in (path.parent / "images", path.parent, path.parent.parent / "images")
        if folder.is_dir()
    ]
    samples = [
        Sample(f"{file}#{number}", label, FileSource(_inside(folders, file)), crop, event=file)
        for file, label, crop, number in rows
    ]
    unused = set(names.values()) - {sample.label for sample in samples}
    return Listing(tuple(samples), (), tuple(sorted(unused)) if not samples else (), str(path))


def yolo(path: Path) -> Listing:
    """Crops of a YOLO set: ``labels/**.txt`` beside ``images/**``, names in ``data.yaml`` or ``classes.txt``.

    Raises:
        DatasetError: the names are missing, or a line is none.
    """
    names = _yolo_names(path)
    samples: list[Sample] = []
    ignored: list[str] = []
    for file in sorted(path.rglob("*.txt")):
        if "labels" not in file.relative_to(path).parts:
            continue
        picture = _picture_of(path, file)
        if picture is None:
            ignored.append(str(file.relative_to(path)))
            continue
        samples += _yolo_samples(path, picture, file, names)
    return Listing(tuple(samples), tuple(ignored), (), str(path))


def is_yolo(path: Path) -> bool:
    """Whether a directory looks like a YOLO set."""
    return any((path / each).is_file() for each in LISTS) and any(
        (path / each).is_dir() for each in ("labels", "train", "images")
    )


def coco_in(path: Path) -> Path | None:
    """The only COCO file at the top of a directory, or in its ``annotations/``."""
    for folder in (path, path / "annotations"):
        files = [each for each in sorted(folder.glob("*.json")) if each.name.startswith("instances")]
        if len(files) == 1:
            return files[0]
    return None


def _yolo_samples(root: Path, picture: Path, file: Path, names: dict[int, str]) -> Iterator[Sample]:
    try:
        with Image.open(picture) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        width = height = 1  # it will be told as unreadable when it is decoded
    name = picture.relative_to(root).as_posix()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind, x, y, w, h = int(line.split()[0]), *map(float, line.split()[1:5])
            label = names[kind]
        except (ValueError, KeyError) as error:
            raise DatasetError(
                f"{file}:{number}: expected CLASS X Y W H of a known class: {line!r:.60}"
            ) from error
        crop = _whole((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        yield Sample(f"{name}#{number}", label, FileSource(picture), crop, event=name)


def _yolo_names(path: Path) -> dict[int, str]:
    file = next((path / each for each in LISTS if (path / each).is_file()), None)
    if file is None:
        raise DatasetError(f"{path}: expected the names of its classes in {' or '.join(LISTS)}")
    try:
        text = file.read_text(encoding="utf-8")
        told: Any = yaml.safe_load(text)["names"] if file.suffix == ".yaml" else text.split("\n")
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise DatasetError(f"{file}: expected `names:` with the classes") from error
    pairs = told.items() if isinstance(told, dict) else enumerate(told)
    return {int(number): str(name).strip() for number, name in pairs if str(name).strip()}


def _picture_of(root: Path, file: Path) -> Path | None:
    parts = ["images" if part == "labels" else part for part in file.relative_to(root).parts]
    stem = root.joinpath(*parts).with_suffix("")
    candidates = (stem.with_name(stem.name + suffix) for suffix in sorted(SUFFIXES))
    return next((each for each in candidates if each.is_file()), None)


def _inside(folders: list[Path], name: str) -> Path:
    """The file of this name in the first folder that has it; never one outside of them."""
    for folder in folders:
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
            return path
    return (folders[0] if folders else Path()) / Path(name).name


def _corners(box: Any) -> Crop:
    x, y, w, h = (float(each) for each in box)
    return _whole(x, y, x + w, y + h)


def _whole(x1: float, y1: float, x2: float, y2: float) -> Crop:
    return int(max(x1, 0)), int(max(y1, 0)), round(x2), round(y2)
