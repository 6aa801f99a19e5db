"""The models of the store with their reports, as people and programs look at them; every call blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from detectors.manifest import ModelManifest
from detectors.store import MANIFEST, ModelStore

REPORT: Final = "report.json"
PAGE: Final = "report.html"
MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model.

    Attributes:
        manifest: None where it cannot be read.
        report: what its training measured; None where nothing was.
        has_page: whether the report is there as a page, too.
        made_at: UTC, when it was published.
    """

    number: str
    manifest: ModelManifest | None
    report: Mapping[str, Any] | None
    has_page: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its versions, newest first.

    Attributes:
        serving: the version that serves; None where none does.
        before: the one that a rollback lets serve again; None where none served before.
    """

    name: str
    serving: str | None
    before: str | None
    versions: tuple[Version, ...]


class Shelf:
    """What lies in a store."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store

    def models(self) -> tuple[Model, ...]:
        """All of them by name."""
        return tuple(self._model(name) for name in self.store.names())

    def model(self, name: str) -> Model | None:
        return self._model(name) if self.store.versions(name) else None

    def page(self, name: str, number: str) -> bytes | None:
        """The report of a version as a page; None where there is none."""
        return self._file(name, number, PAGE)

    def report(self, name: str, number: str) -> bytes | None:
        """The report of a version as JSON; None where there is none."""
        return self._file(name, number, REPORT)

    def _file(self, name: str, number: str, file: str) -> bytes | None:
        if number not in self.store.versions(name):
            return None
        return _content(self.store.folder / name / number / file)

    def _model(self, name: str) -> Model:
        versions = (self._version(self.store.folder / name / each) for each in self.store.versions(name))
        store = self.store
        return Model(name, store.serving(name), store.before(name), tuple(versions)[::-1])

    def _version(self, folder: Path) -> Version:
        content = _content(folder / REPORT)
        try:
            report = json.loads(content) if content else None
        except ValueError:
            report = None
        try:
            manifest = ModelManifest.model_validate_json((folder / MANIFEST).read_bytes())
        except (OSError, ValidationError):
            manifest = None
        made_at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        known = report if isinstance(report, dict) else None
        return Version(folder.name, manifest, known, (folder / PAGE).is_file(), made_at)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
    except OSError:
        return None
