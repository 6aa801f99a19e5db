"""Keeps compiled graphs, so that a model is compiled once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEPT: Final = 32
"""Graphs that stay; the ones unused for longest go."""
SUFFIX: Final = ".graph"


def default_folder() -> Path | None:
    """``$XDG_CACHE_HOME/sightline/graphs`` or its place under the home folder (XDG Base Directory 0.8).

    None where there is no home, as for a container's nameless user.
    """
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # The specification: a relative path is invalid and ignored.
        base = given if given.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return base / "sightline" / "graphs"


@dataclass(frozen=True, slots=True)
class Entry:
    """A compiled graph and the manifest it was compiled for, as JSON."""

    manifest: bytes
    graph: bytes


@dataclass(frozen=True, slots=True)
class GraphCache:
    """A folder of entries by key. One that cannot be read or written only costs time, and is no error."""

    folder: Path

    def get(self, key: str) -> Entry | None:
        """The entry of this key; None when there is none, or it is damaged."""
        path = self.folder / f"{key}{SUFFIX}"
        try:
            digest, manifest, graph = path.read_bytes().split(b"\n", 2)
            path.touch()
        except (OSError, ValueError):
            return None
        if digest != _digest(manifest, graph):
            return None
        return Entry(manifest, graph)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry; whoever reads at the same time sees all of it or nothing."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = b"\n".join((_digest(entry.manifest, entry.graph), entry.manifest, entry.graph))
            descriptor, name = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                Path(name).replace(self.folder / f"{key}{SUFFIX}")
            except OSError:
                Path(name).unlink()
            self._prune()

    def _prune(self) -> None:
        entries = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for path in entries[:-KEPT]:
            path.unlink()


def _digest(manifest: bytes, graph: bytes) -> bytes:
    return hashlib.sha256(manifest + b"\n" + graph).hexdigest().encode()
