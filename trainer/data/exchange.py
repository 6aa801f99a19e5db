"""Labelled pictures out of a data folder, and into one."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2

from trainer.data import picture
from trainer.data.classfolders import ABOUT
from trainer.data.snapshots import CROP, FOLDER
from trainer.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.data.sample import Dataset, Examined

QUALITY: Final = 95
CAMERA: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def export(dataset: Dataset, out: Path) -> None:
    """Class folders at ``out``, a new folder or a zip file; there when it is whole.

    Raises:
        DatasetError: something is there already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out}: expected a new folder or zip file, received one that is there already")
    out.parent.mkdir(parents=True, exist_ok=True)
    with _beside(out) as folder:
        lines = []
        for each in dataset.pictures:
            name = f"{each.sample.label}/{each.digest[:24]}{_suffix(each)}"
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(_content(each))
            told = {
                "event": each.sample.event,
                "camera_day": each.sample.camera_day,
                "name": each.sample.name,
            }
            lines.append(json.dumps({"file_name": name, **told}) + "\n")
        (folder / ABOUT).write_text("".join(lines), encoding="utf-8")
        if out.suffix.lower() == ".zip":
            _zipped(folder, out)
        else:
            with contextlib.suppress(FileNotFoundError):
                out.rmdir()
            folder.rename(out)


def imported(dataset: Dataset, data: Path, camera: str) -> int:
    """Put pictures into a data folder as labelled snapshots; returns how many were not there yet.

    Raises:
        DatasetError: the camera's name is none.
    """
    if not CAMERA.fullmatch(camera):
        raise DatasetError(
            f"--camera: expected a name like 'imported' (a-z, 0-9, '-', '_'), received {camera!r}"
        )
    now = datetime.now(UTC)
    home = data / FOLDER / camera
    known = {path.stem for path in home.glob("*/*.json")}
    fresh = [each for each in dataset.pictures if each.digest[:32] not in known]
    for each in fresh:
        # A day for each of the days it comes from, so that those stay apart.
        day = each.sample.camera_day.rpartition("/")[2] or now.date().isoformat()
        folder = home / day
        folder.mkdir(parents=True, exist_ok=True)
        _snapshot(folder / each.digest[:32], each, camera, now)
    return len(fresh)


def _snapshot(stem: Path, each: Examined, camera: str, now: datetime) -> None:
    """Both pictures, and then the sidecar that says that they are whole."""
    try:
        _, image = picture.read(each.sample)
    except picture.Unusable as error:
        raise DatasetError(f"{each.sample.name}: {error}") from error
    content = _jpeg(image)
    height, width = image.shape[:2]
    whole = [0, 0, width, height]
    for suffix in (CROP, ".jpg"):
        stem.with_name(stem.name + suffix).write_bytes(content)
    sidecar: dict[str, Any] = {
        "schema": "sightline.snapshot/1", "event": each.sample.event or stem.name, "camera": camera,
        "captured_at": now.isoformat(), "width": width, "height": height, "box": whole, "crop": whole,
        "confidence": 1.0, "model_label": each.sample.label, "human_label": each.sample.label,
    }  # fmt: skip
    beside = stem.with_name(f".{stem.name}.json.tmp")
    beside.write_text(json.dumps(sidecar, indent=2) + "\n", encoding="utf-8")
    beside.replace(stem.with_name(f"{stem.name}.json"))


def _suffix(each: Examined) -> str:
    return ".jpg" if each.sample.crop is not None else Path(each.sample.name).suffix.lower() or ".jpg"


def _content(each: Examined) -> bytes:
    """The file as it is, or what was cut out of it."""
    try:
        content, image = picture.read(each.sample)
    except picture.Unusable as error:
        raise DatasetError(f"{each.sample.name}: {error}") from error
    return content if each.sample.crop is None else _jpeg(image)


def _jpeg(image: NDArray[Any]) -> bytes:
    ok, content = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    if not ok:
        raise DatasetError(f"a picture of {image.shape} cannot be written as JPEG")
    return content.tobytes()


def _zipped(folder: Path, out: Path) -> None:
    packed = folder.with_suffix(".zip")
    try:
        # Pictures do not shrink any more.
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        packed.replace(out)
    finally:
        packed.unlink(missing_ok=True)


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder that goes away again, unless it was renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
