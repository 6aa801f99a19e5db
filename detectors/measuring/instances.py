"""COCO instances: the labelled pictures that a detector is judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from detectors.errors import DetectorError, one_line

if TYPE_CHECKING:
    from pathlib import Path


class Record(BaseModel):
    """Part of the file; fields that are not needed here are passed over."""

    model_config = ConfigDict(frozen=True)


class Picture(Record):
    """``labelled_classes``: the classes of which every object in it has a box; all when None."""

    id: int
    file_name: str
    labelled_classes: frozenset[str] | None = None


class Box(Record):
    """``bbox`` is x, y, width, height in pixels. ``iscrowd`` or ``difficult``: neither a hit nor a miss."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: bool = False
    difficult: bool = False


class Category(Record):
    """A class of the set."""

    id: int
    name: str


class Instances(Record):
    """A labelled set."""

    images: tuple[Picture, ...]
    annotations: tuple[Box, ...]
    categories: tuple[Category, ...]


def read_instances(path: Path) -> Instances:
    """Read a COCO instances file.

    Raises:
        DetectorError: it cannot be read, or is not one.
    """
    try:
        return Instances.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DetectorError(f"{path}: {error.strerror or error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "top level"
        raise DetectorError(f"{path}: {where}: {one_line(ValueError(problem['msg']))}") from error
