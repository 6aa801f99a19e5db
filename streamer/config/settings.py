"""The configuration as it is now: a file, and what was changed since, which is kept beside the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamer.config.document import Document, read_document
from streamer.config.file import Check, ConfigFile, checked
from streamer.config.overlay import laid_over, layered, write_overlay
from streamer.config.tree import DATA
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config.option_tree import KeyPath
    from streamer.config.tree import Config

Finish: TypeAlias = "Callable[[Config], Config]"
"""Gives a configuration what the command line says."""

FILE: Final = "settings.yaml"
"""In the data folder."""
DEFAULT: Final = "default"
"""Said by nobody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that can be made.

    Attributes:
        config: as it will be.
        unfinished: the same without what the command line says.
        overlay: what will be kept of all changes.
    """

    config: Config
    unfinished: Config
    overlay: Mapping[str, Any]


class Settings:
    """A configuration that can be changed while the service runs.

    Attributes:
        config: as it is now.
        file: the same, with where its options stand; the command line's are not in it.
    """

    def __init__(
        self,
        base: Document,
        folder: Path,
        finish: Finish = lambda config: config,
        checks: Sequence[Check] = (),
    ) -> None:
        """
        Args:
            base: the configuration file, or what stands for one.
            folder: of the data, where changes are kept.
            finish: gives a configuration the options of the command line.
            checks: what else has to be right, of a finished configuration.

        Raises:
            ConfigError: something is wrong in the file or in what was changed; one line per error.
        """
        self._base = base
        self._path = folder / FILE
        self._finish = finish
        self._checks = [_of_finished(check, finish) for check in checks]
        changes = self._written()
        self._overlay: Mapping[str, Any] = changes.values
        self.file: ConfigFile = checked(layered(base, changes), self._checks)
        self.config: Config = finish(self.file.config)

    @classmethod
    def of(cls, values: Mapping[str, Any], finish: Finish = lambda config: config) -> Settings:
        """Those of plain values in place of a file."""
        base = Document("command line", values)
        return cls(base, folder_of(base), finish)

    def version(self, camera: str) -> str:
        """Another one after each change of the camera's options."""
        options = self.config.cameras[camera].model_dump(mode="json", by_alias=True)
        told = json.dumps(options, sort_keys=True) + json.dumps(
            self._own(camera), sort_keys=True, default=str
        )
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def origin(self, path: KeyPath) -> str:
        """Where a value is said: ``file:line``, what stands for a file, or DEFAULT."""
        document = self.file.document
        inherited = path[2:] if path[:1] == ("cameras",) else ()
        for each in filter(None, (path, inherited)):
            if each in document.marks:
                return str(document.marks[each])
            if document.value(each) is not None:
                return document.name
        return DEFAULT

    def named_in(self, camera: str) -> str | None:
        """The place in the file that names a camera: ``file:line``; None of one that was added since."""
        mark = self._base.marks.get(("cameras", camera))
        return None if mark is None else str(mark)

    def is_changed(self, path: KeyPath) -> bool:
        """Whether a value is said in the place of what the file says."""
        return _says(self._overlay, path)

    def plan(self, patch: Mapping[str, Any]) -> Plan:
        """What a change would come to; null takes an option away (RFC 7396).

        Raises:
            ConfigError: something is wrong then; one line per error.
        """
        overlay = laid_over(self._overlay, patch)
        for name, camera in dict(overlay.get("cameras") or {}).items():
            if camera is None and name not in (self._base.values.get("cameras") or {}):
                # Nothing below says that there is one.
                del overlay["cameras"][name]
        # Told without a place: it is not yet written anywhere.
        laid = replace(layered(self._base, Document("", overlay)), name="", marks={})
        file = checked(laid, self._checks)
        return Plan(self._finish(file.config), file.config, overlay)

    def keep(self, plan: Plan) -> None:
        """Make a change that was planned last; from here on it is what is configured.

        Raises:
            ConfigError: it cannot be written.
        """
        try:
            write_overlay(self._path, plan.overlay)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._overlay, self.config = plan.overlay, plan.config
        self.file = ConfigFile(plan.unfinished, layered(self._base, self._written()))

    def _written(self) -> Document:
        """What was changed, as it lies on disk."""
        return read_document(self._path, None) if self._path.exists() else Document(str(self._path), {})

    def _own(self, camera: str) -> Any:
        """What was changed of a camera: passwords, too, which the configuration does not show."""
        return (self._overlay.get("cameras") or {}).get(camera)


def _says(values: Mapping[str, Any], path: KeyPath) -> bool:
    """Whether there is anything at a path, also a null."""
    *sections, key = path
    at: Any = values
    for part in sections:
        at = at.get(part) if isinstance(at, Mapping) else None
    return isinstance(at, Mapping) and key in at


def folder_of(base: Document) -> Path:
    """The data folder that a configuration names, before anything is known to be right in it."""
    named = base.value(("data",))
    return Path(named if isinstance(named, str) else DATA)


def _of_finished(check: Check, finish: Finish) -> Check:
    return lambda config: check(finish(config))
