"""Pictures in folders named after their classes, in a directory or a zip file."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TypeVar

from trainer.data.picture import SUFFIXES
from trainer.data.sample import FileSource, Listing, Sample
from trainer.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainer.data.sample import Source

MAX_ENTRIES: Final = 500_000
MAX_RATIO: Final = 200
"""Bytes out for each byte in, over a whole zip file: pictures hardly shrink, bombs do."""
ABOUT: Final = "metadata.jsonl"
"""Lines of ``file_name``, ``event``, ``camera_day``, as `sightline dataset export` writes them."""
JUNK: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})

S = TypeVar("S", bound="Source")


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A member of a zip file; it is read where it is, and never written anywhere."""

    archive: zipfile.ZipFile
    entry: str

    def read(self, limit: int) -> bytes:
        try:
            with self.archive.open(self.entry) as member:
                return member.read(limit + 1)
        except zipfile.BadZipFile as error:
            raise ValueError(str(error)) from error


def folder(path: Path) -> Listing:
    """What a directory of class folders holds.

    Raises:
        DatasetError: it holds no class folder.
    """
    found: dict[str, FileSource] = {}
    folders: set[str] = set()
    for each in sorted(path.rglob("*")):
        name = each.relative_to(path).as_posix()
        if each.is_dir():
            folders.add(name)
        elif each.is_file():
            found[name] = FileSource(each)
        if len(found) > MAX_ENTRIES:
            raise DatasetError(f"{path}: more than {MAX_ENTRIES} files")
    return _listing(found, folders, str(path))


def archive(path: Path) -> Listing:
    """What a zip file of class folders holds.

    Raises:
        DatasetError: it is damaged, a bomb, or holds no class folder.
    """
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(f"{path}: expected a zip file of class folders: {error}") from error
    entries = opened.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_RATIO * max(1, path.stat().st_size):
        raise DatasetError(
            f"{path}: {len(entries)} files of {unpacked // 2**20} MiB unpacked: this is no set of pictures"
        )
    found: dict[str, ZipEntry] = {}
    folders: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in (name.parts or ("",))[0]:
            raise DatasetError(f"{path}: {entry.filename!r:.120} leads out of the archive")
        if entry.is_dir():
            folders.add(str(name))
        else:
            found[str(name)] = ZipEntry(opened, entry.filename)
            folders |= {str(parent) for parent in name.parents if str(parent) != "."}
    return _listing(found, folders, str(path))


def _listing(found: Mapping[str, S], folders: set[str], about: str) -> Listing:
    """Sort files into pictures of a class and others."""
    root = _root(found, folders)
    known = _known(found, root)
    samples: list[Sample] = []
    ignored: list[str] = []
    for name, source in found.items():
        inside = PurePosixPath(name).relative_to(root).parts if _below(name, root) else ()
        if len(inside) < 2 or _hidden(inside) or PurePosixPath(name).suffix.lower() not in SUFFIXES:
            if not (len(inside) == 1 and inside[0] == ABOUT):
                ignored.append(name)
            continue
        told = known.get("/".join(inside), {})
        samples.append(
            Sample(
                "/".join(inside), inside[0], source,
                event=told.get("event", ""), camera_day=told.get("camera_day", ""),
            )
        )  # fmt: skip
    classes = {PurePosixPath(each).relative_to(root).parts[0] for each in folders if _below(each, root)}
    empty = sorted(each for each in classes - {sample.label for sample in samples} if not _hidden((each,)))
    if not samples:
        raise DatasetError(f"{about}: expected folders named after classes, with pictures in them")
    return Listing(tuple(samples), tuple(sorted(ignored)), tuple(empty), about)


def _root(found: Mapping[str, object], folders: set[str]) -> PurePosixPath:
    """Where the class folders are: archives often have one folder around everything."""
    root = PurePosixPath()
    while True:
        below = {PurePosixPath(each).relative_to(root).parts[0] for each in folders if _below(each, root)}
        inner = [each for each in below if not _hidden((each,))]
        if len(inner) != 1:
            return root
        only = root / inner[0]
        pictures = [
            name
            for name in found
            if PurePosixPath(name).parent == only and PurePosixPath(name).suffix.lower() in SUFFIXES
        ]
        if pictures or not any(_below(each, only) for each in folders):
            return root
        root = only


def _known(found: Mapping[str, S], root: PurePosixPath) -> dict[str, dict[str, str]]:
    """What an export tells of each picture by its name."""
    source = found.get(str(root / ABOUT))
    if source is None:
        return {}
    try:
        rows = [json.loads(line) for line in source.read(256 * 2**20).decode().splitlines() if line.strip()]
        return {str(row["file_name"]): {key: str(value) for key, value in row.items()} for row in rows}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{ABOUT}: expected lines of JSON with file_name: {error}") from error


def _below(name: str, root: PurePosixPath) -> bool:
    path = PurePosixPath(name)
    return path != root and path.is_relative_to(root)


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part in JUNK for part in parts)
