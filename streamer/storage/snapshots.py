"""The pictures of events as files; every call blocks, so it is made from a worker thread."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.errors import SinkUnavailable
from streamer.event import Box, Ruling
from streamer.frame import Stream

if TYPE_CHECKING:
    from streamer.event import Event
    from streamer.frame import Frame

FULL: Final = ".jpg"
CROP: Final = ".crop.jpg"
SIDECAR: Final = ".json"
SUFFIXES: Final = (SIDECAR, CROP, FULL)
UNFINISHED: Final = ".tmp"

RESERVE_BYTES: Final = 64 * 2**20
RESERVE_SHARE: Final = 50
"""So much, or a 50th of a small disk, is left free for the index, which needs little but always."""

Kind: TypeAlias = Literal["event", "diverse", "near", "random"]
"""An event's best picture; another one of its object; an object near the threshold; a frame without any."""

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Snapshot(BaseModel):
    """The sidecar of an event's pictures.

    Attributes:
        box: the object in the full frame, x1, y1, x2, y2 in pixels.
        crop: the part of the full frame that the crop shows, in whole pixels.
        model_label, human_label: what the model says it is, and what a person says.
        stream: which of the camera's streams the pictures are of; None where it has one.
        captured_at, width, height: of the picture that is kept.
        zones: entered so far.
        rules: what let the object become an event.
        kind: why there is this picture; of an event it is its best one.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True)

    schema_: Literal["sightline.snapshot/1"] = Field(default="sightline.snapshot/1", alias="schema")
    event: str
    camera: str
    captured_at: datetime
    width: int
    height: int
    box: Box
    crop: tuple[int, int, int, int]
    confidence: float
    model_label: str
    human_label: str | None = None
    stream: Stream | None = None
    zones: tuple[str, ...] = ()
    rules: tuple[Ruling, ...] = ()
    kind: Kind = "event"


class DiskFull(SinkUnavailable):
    """The disk takes no more pictures."""


class SnapshotFolder:
    """Sets of three files: full frame, crop, and the sidecar that says the set is complete."""

    def __init__(self, data: Path, jpeg_quality: int) -> None:
        self._data = data
        self._jpeg_quality = jpeg_quality

    def write(self, path: str, frame: Frame, event: Event, stream: Stream | None = None) -> int:
        """Write or replace the pictures of an event.

        Whoever reads a sidecar finds the pictures it was written with; a process killed in between
        leaves a set without a sidecar.

        Args:
            path: below the data folder, without suffix.
            frame: the picture.
            event: its box is in pixels of the frame.
            stream: which of the camera's streams the frame is of.

        Returns:
            The size of the three files.

        Raises:
            DiskFull, SinkUnavailable: the set that was there before is still there.
        """
        crop = crop_of(event.box, frame)
        x1, y1, x2, y2 = crop
        known = _sidecar(frame, event, crop, stream)
        return self.write_set(path, frame.image, frame.image[y1:y2, x1:x2], known)

    def write_set(self, path: str, full: NDArray[np.uint8], crop: NDArray[np.uint8], known: Snapshot) -> int:
        """Write or replace a set of pictures and what is known of them; as ``write``."""
        contents = {CROP: self._jpeg(crop), FULL: self._jpeg(full), SIDECAR: _text(known)}
        try:
            self._replace(self._data / path, contents)
        except OSError as error:
            raise self._translated(error) from error
        return sum(map(len, contents.values()))

    def require_space(self) -> None:
        """DiskFull unless the disk has room for more than the index may need."""
        try:
            disk = shutil.disk_usage(self._data)
        except OSError as error:
            raise self._translated(error) from error
        if disk.free < min(RESERVE_BYTES, disk.total // RESERVE_SHARE):
            raise DiskFull(f"{self._data}: the disk is full ({disk.free // 2**20} MiB left)")

    def measure(self, path: str) -> int | None:
        """The size of a complete set; what is left of an incomplete one is deleted, and the answer None."""
        stem = self._data / path
        try:
            self._delete_unfinished(stem)
            return sum(_file(stem, suffix).stat().st_size for suffix in SUFFIXES)
        except FileNotFoundError:
            self.delete(path)
            return None
        except OSError as error:
            raise self._translated(error) from error

    def delete(self, path: str) -> None:
        """Delete a set, and the day's folder when it was the last; what is not there is no error."""
        stem = self._data / path
        try:
            for suffix in SUFFIXES:
                _file(stem, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise self._translated(error) from error
        with contextlib.suppress(OSError):
            stem.parent.rmdir()

    def read(self, path: str) -> Snapshot | None:
        """The sidecar of a set; None where there is none that can be read."""
        return sidecar(self._data / path)

    def label(self, path: str, label: str | None) -> None:
        """Write into the sidecar what a person says the object is, if anything."""
        self._amend(path, {"human_label": label})

    def relabel(self, path: str, label: str) -> None:
        """Write into the sidecar what the model says after all."""
        self._amend(path, {"model_label": label})

    def _amend(self, path: str, change: Mapping[str, str | None]) -> None:
        if (snapshot := self.read(path)) is None:
            return
        labelled = snapshot.model_copy(update=change)
        target = _file(self._data / path, SIDECAR)
        try:
            _temporary(target).write_bytes(_text(labelled))
            _temporary(target).replace(target)
        except OSError as error:
            raise self._translated(error) from error

    def _jpeg(self, image: NDArray[np.uint8]) -> bytes:
        ok, data = cv2.imencode(FULL, image, (cv2.IMWRITE_JPEG_QUALITY, self._jpeg_quality))
        if not ok:
            raise SinkUnavailable(f"{self._data}: a picture of {image.shape} cannot be written as JPEG")
        return data.tobytes()

    def _replace(self, stem: Path, contents: dict[str, bytes]) -> None:
        stem.parent.mkdir(parents=True, exist_ok=True)
        try:
            for suffix, content in contents.items():
                _temporary(_file(stem, suffix)).write_bytes(content)
        except OSError:
            self._delete_unfinished(stem)
            raise
        _file(stem, SIDECAR).unlink(missing_ok=True)
        for suffix in contents:
            _temporary(_file(stem, suffix)).replace(_file(stem, suffix))

    def _delete_unfinished(self, stem: Path) -> None:
        for suffix in SUFFIXES:
            _temporary(_file(stem, suffix)).unlink(missing_ok=True)

    def _translated(self, error: OSError) -> SinkUnavailable:
        reason = f"{error.filename or self._data}: {os.strerror(error.errno or 0)}"
        return DiskFull(reason) if error.errno in DISK_FULL else SinkUnavailable(reason)


def sidecar(stem: Path) -> Snapshot | None:
    """What is known of a set of pictures, by its path without suffix; None where that cannot be read."""
    try:
        return Snapshot.model_validate_json(_file(stem, SIDECAR).read_bytes())
    except (OSError, ValidationError):
        return None


def crop_of(box: Box, frame: Frame) -> tuple[int, int, int, int]:
    """The box in whole pixels inside the frame, at least one pixel wide and high."""
    x1 = min(max(int(box[0]), 0), frame.width - 1)
    y1 = min(max(int(box[1]), 0), frame.height - 1)
    x2 = min(max(round(box[2]), x1 + 1), frame.width)
    y2 = min(max(round(box[3]), y1 + 1), frame.height)
    return x1, y1, x2, y2


def _sidecar(frame: Frame, event: Event, crop: tuple[int, int, int, int], stream: Stream | None) -> Snapshot:
    return Snapshot(
        event=event.id,
        camera=event.camera,
        captured_at=frame.captured_at,
        width=frame.width,
        height=frame.height,
        box=event.box,
        crop=crop,
        confidence=event.confidence,
        model_label=event.label,
        stream=stream,
        zones=event.zones,
        rules=event.rules,
    )


def _text(snapshot: Snapshot) -> bytes:
    return snapshot.model_dump_json(indent=2, by_alias=True).encode() + b"\n"


def _file(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}{UNFINISHED}")
