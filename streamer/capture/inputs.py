"""What ``detect`` is given: pictures, folders, globs, videos and addresses."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.capture.pictures import PictureFile, is_picture
from streamer.config.secrecy import SCHEME
from streamer.errors import ConfigError

VIDEO_SUFFIXES: Final = frozenset(
    {
        ".mp4",
        ".mkv",
        ".mov",
        ".avi",
        ".webm",
        ".ts",
        ".m4v",
        ".flv",
        ".mpg",
        ".mpeg",
        ".mjpeg",
        ".h264",
        ".hevc",
    }
)


@dataclass(frozen=True, slots=True)
class Video:
    """A video file, or the address of a stream.

    Attributes:
        name: stands for the camera.
        source: path or address.
    """

    name: str
    source: str


Input = PictureFile | Video


def expand(arguments: Sequence[str]) -> list[Input]:
    """Every input in the order given, each with a name of its own.

    Raises:
        ConfigError: an argument names nothing that exists.
    """
    names = _Names()
    return [
        Video(names.unique(argument), argument)
        if isinstance(found, str)
        else _input(names.unique(found.stem), found)
        for argument in arguments
        for found in _found(argument)
    ]


def _input(name: str, path: Path) -> Input:
    return PictureFile(name, path) if is_picture(path) else Video(name, str(path))


def _found(argument: str) -> Iterator[Path | str]:
    path = Path(argument)
    if SCHEME.match(argument) or argument.startswith("/dev/"):
        yield argument
    elif path.is_dir():
        yield from _in_folder(path)
    elif path.exists():
        yield path
    elif glob.has_magic(argument):
        yield from _matching(argument)
    else:
        raise ConfigError(f"{argument}: no such file or folder")


def _in_folder(folder: Path) -> list[Path]:
    found = [
        path for path in sorted(folder.iterdir()) if is_picture(path) or path.suffix.lower() in VIDEO_SUFFIXES
    ]
    if not found:
        raise ConfigError(f"{folder}: expected pictures or videos in this folder, received none")
    return found


def _matching(pattern: str) -> list[Path]:
    # Not Path.glob: it takes no absolute pattern.
    found = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    files = [path for path in found if path.is_file()]
    if not files:
        raise ConfigError(f"{pattern}: matches no file")
    return files


class _Names:
    """Names that fit a camera, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def unique(self, text: str) -> str:
        stem = re.sub(r"[^a-z0-9_-]+", "-", SCHEME.sub("", text).rpartition("@")[2].lower()).strip("-_")[:60]
        name, number = stem or "source", 1
        while name in self._given:
            number += 1
            name = f"{stem or 'source'}-{number}"
        self._given.add(name)
        return name
