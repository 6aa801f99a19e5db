"""Models on disk: from the name a user gives to the files, and the versions that are kept of them."""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors import numbering
from detectors.errors import ModelLoadError, one_line
from detectors.examining.convert import kind_of, onnx_file

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILTIN: Final = Path(__file__).parent / "builtin"
"""The models that are installed with the program."""
SUFFIX: Final = ".onnx"
FOLDER: Final = "models"
"""The store within a data folder."""
WEIGHTS: Final = f"model{SUFFIX}"
MANIFEST: Final = "model.json"
POINTER: Final = "serving.json"
NEWEST: Final = "newest"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
LABELS: Final = ("{}.labels.txt", "{}.txt", "labels.txt", "classes.txt")
"""Beside a model, in which its users write the names of its classes; ``{}`` is its own name."""
ABANDONED_S: Final = 24 * 3600.0
"""Age from which an unfinished version is taken for one whose maker was killed."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model lies.

    Attributes:
        name: that messages call it by.
        weights: its ONNX file.
        manifest: its sidecar, where there is one.
        version: within the store; None elsewhere.
        labels: a file beside it with the names of its classes, where there is one.
        origin: what it was converted from, where that is another file or folder.
    """

    name: str
    weights: Path
    manifest: Path | None
    version: str | None = None
    labels: Path | None = None
    origin: Path | None = None

    @property
    def place(self) -> Path:
        """Where its user has it."""
        return self.origin or self.weights


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version serves.

    Attributes:
        serving: it; None when nothing was ever promoted.
        before: those that served before, newest first.
    """

    serving: str | None = None
    before: tuple[str, ...] = ()


class ModelStore:
    """Versions of models in a folder: ``NAME/VERSION/model.onnx`` and what goes with it.

    ``NAME/serving.json`` says which version serves. Versions appear whole or not at all, and never change.
    """

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: of the store; it need not be there yet.
        """
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Of the models that have a version."""
        return tuple(name for name in _listed(self.folder) if self.versions(name))

    def versions(self, name: str) -> tuple[str, ...]:
        """Of a model, oldest first; empty where there is no such model."""
        if not NAME.fullmatch(name):
            return ()
        known = (each for each in _listed(self._of(name)) if VERSION.fullmatch(each))
        whole = (each for each in known if (self._of(name) / each / WEIGHTS).is_file())
        return tuple(sorted(whole, key=int))

    def serving(self, name: str) -> str | None:
        """The version that serves; None where none does."""
        return self._pointer(name).serving

    def before(self, name: str) -> str | None:
        """The version that a rollback lets serve again; None where none served before."""
        return next(iter(self._pointer(name).before), None)

    def find(self, model: str) -> ModelFiles:
        """The files of ``NAME``, which is the version that serves, ``NAME@VERSION`` or ``NAME@newest``.

        Raises:
            ModelLoadError: there is no such model or version.
        """
        name, _, wanted = model.partition("@")
        versions = self._required(name)
        version = self.serving(name) if "@" not in model else versions[-1] if wanted == NEWEST else wanted
        if version is None:
            raise ModelLoadError(f"{name}: no version serves: expected {name}@{'|'.join(versions)}")
        self._require(name, version)
        folder = self._of(name) / version
        manifest = folder / MANIFEST
        return ModelFiles(name, folder / WEIGHTS, manifest if manifest.is_file() else None, version)

    def version_of(self, name: str, sha256: str) -> str:
        """The newest version that holds these very bytes, for whoever has just published them: there may be
        newer ones of others.

        Raises:
            ModelLoadError: there is none any more.
        """
        # Here and not at the top: most who look for a model's files need no manifest.
        from detectors.manifest import stated_in

        for version in reversed(self.versions(name)):
            manifest = self._of(name) / version / MANIFEST
            with contextlib.suppress(FileNotFoundError):  # it goes at this very moment
                if stated_in(manifest.read_bytes()).get("sha256") == sha256:
                    return version
        raise ModelLoadError(f"{name}: was removed at the moment it was there")

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[Path]:
        """A folder to fill; it is published as the next version when the block ends without an error.

        The first version of a model serves at once. Of a block that fails, or of a process that is killed,
        nothing is ever seen.

        Raises:
            ModelLoadError: the name is none, or the block left no model with its manifest.
        """
        require_name(name)
        home = self._of(name)
        home.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(home)
        folder = Path(tempfile.mkdtemp(prefix=".stage-", dir=home))
        try:
            yield folder
            missing = [file for file in (WEIGHTS, MANIFEST) if not (folder / file).is_file()]
            if missing:
                raise ModelLoadError(f"{name}: expected {' and '.join(missing)} in a new version")
            self._publish(name, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # others are in it, or it is gone
                home.rmdir()

    def promote(self, name: str, version: str) -> None:
        """Let a version serve from now on.

        Raises:
            ModelLoadError: there is none of this number.
        """
        with self._alone():
            self._require(name, version)
            self._promote(name, version)

    def rollback(self, name: str) -> str:
        """Let the version serve again that did before.

        Returns:
            its number.

        Raises:
            ModelLoadError: none served before.
        """
        with self._alone():
            self._required(name)
            pointer = self._pointer(name)
            if not pointer.before:
                raise ModelLoadError(f"{name}: no version served before {pointer.serving or 'any other'}")
            self._point(name, Pointer(pointer.before[0], pointer.before[1:]))
            return pointer.before[0]

    def remove(self, name: str, version: str | None = None) -> None:
        """Take away a version, or a model with all of them.

        Raises:
            ModelLoadError: there is no such model or version, or it is the one that serves among several.
        """
        with self._alone():
            if version is not None:
                self._require(name, version)
            if self.versions(name):
                numbering.remember(self.folder, name, self._highest(name))
            if version is None or self.versions(name) == (version,):
                self._required(name)
                _discard(self._of(name), self.folder)
                return
            pointer = self._pointer(name)
            if version == pointer.serving:
                raise ModelLoadError(f"{name}@{version} serves: promote another version first")
            self._point(name, Pointer(pointer.serving, tuple(v for v in pointer.before if v != version)))
            _discard(self._of(name) / version, self._of(name))

    def _of(self, name: str) -> Path:
        return self.folder / name

    def _required(self, name: str) -> tuple[str, ...]:
        """Versions of a model, of which there is at least one."""
        versions = self.versions(name)
        if not versions:
            known = ", ".join(self.names()) or "none"
            raise ModelLoadError(f"{name!r:.120}: no such model in {self.folder} (there: {known})")
        return versions

    def _require(self, name: str, version: str) -> None:
        versions = self._required(name)
        if version not in versions:
            raise ModelLoadError(f"{name}@{version}: no such version: expected one of {', '.join(versions)}")

    def _publish(self, name: str, folder: Path) -> None:
        _write_through(folder)
        # mkdtemp lets only us in.
        folder.chmod(0o755)
        with self._alone():
            pointer = self._pointer(name)
            version = str(self._highest(name) + 1)
            numbering.remember(self.folder, name, int(version))
            folder.rename(self._of(name) / version)
            if pointer.serving is None:
                self._promote(name, version)

    def _promote(self, name: str, version: str) -> None:
        pointer = self._pointer(name)
        if pointer.serving != version:
            before = tuple(each for each in (pointer.serving, *pointer.before) if each not in (None, version))
            self._point(name, Pointer(version, before))

    def _pointer(self, name: str) -> Pointer:
        path = self._of(name) / POINTER
        try:
            told = json.loads(path.read_bytes())
            return Pointer(told["serving"], tuple(told["before"]))
        except FileNotFoundError:
            return Pointer()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelLoadError(f"{path}: cannot be read: {one_line(error)}") from error

    def _point(self, name: str, pointer: Pointer) -> None:
        numbering.replaced(self._of(name) / POINTER, {"serving": pointer.serving, "before": pointer.before})

    def _highest(self, name: str) -> int:
        """The highest number that a version of this model ever had; 0 for a new one."""
        pointer = self._pointer(name)
        taken = [*self.versions(name), *pointer.before, pointer.serving or "0"]
        return max(*map(int, taken), numbering.highest(self.folder, name))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """What reads and then writes: one process and thread at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def require_name(name: str) -> None:
    """
    Raises:
        ModelLoadError: no model of the store may be called so.
    """
    if not NAME.fullmatch(name) or name in catalogue():
        other = " that no built-in model has" if name in catalogue() else ""
        raise ModelLoadError(
            f"expected a name like 'parcels' (a-z, 0-9, '-', '_'; 100 at most){other}, received {name!r:.120}"
        )


def models_in(data: Path) -> Path:
    """The store's folder within a data folder."""
    return data / FOLDER


def catalogue() -> tuple[str, ...]:
    """Names of the models that are built in."""
    return tuple(sorted(path.stem for path in BUILTIN.glob(f"*{SUFFIX}")))


def resolve(model: str, models: Path | None = None) -> ModelFiles:
    """The files of a model: built in, of the store, or at a path with ``<stem>.json`` beside it.

    Args:
        model: a built-in one's name, ``NAME[@VERSION]`` of the store, or a path; a model of TensorFlow is
            converted (``convert.py``).
        models: folder of the store, if there is one.

    Raises:
        ModelLoadError: there is no such model.
    """
    names = catalogue()
    if model in names:
        return _files(BUILTIN / f"{model}{SUFFIX}")
    store = ModelStore(models) if models is not None else None
    if store is not None and store.versions(model.partition("@")[0]):
        return store.find(model)
    try:
        path = Path(model).expanduser()
        is_there = path.is_dir() or path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # no name a file could have
        raise ModelLoadError(f"{model:.100}: no such file: {one_line(error)}") from error
    if is_there:
        try:
            onnx = _as_onnx(path)
            return replace(_files(onnx), origin=path if onnx != path else None)
        except OSError as error:
            raise ModelLoadError(f"{path}: cannot read {path.name}: {error.strerror or error}") from error
    if path.suffix or os.sep in model:
        raise ModelLoadError(f"{model}: no such file")
    names = (*names, *(store.names() if store else ()))
    near = difflib.get_close_matches(model, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else "a name of the catalogue or the path of an ONNX file"
    raise ModelLoadError(f"{model}: no such model: {hint} (catalogue: {', '.join(names) or 'empty'})")


def _as_onnx(path: Path) -> Path:
    """The file at a path, or what it becomes where it is a model of TensorFlow."""
    try:
        kind = kind_of(path)
        if kind is not None:
            return onnx_file(path, kind)
    except ModelLoadError as error:
        raise ModelLoadError(f"{path}: {error}") from error
    if path.is_dir():
        raise ModelLoadError(f"{path}: expected an ONNX file or a SavedModel, received another folder")
    return path


def _files(weights: Path) -> ModelFiles:
    manifest = weights.with_suffix(".json")
    beside = (weights.with_name(name.format(weights.stem)) for name in LABELS)
    labels = next((path for path in beside if path.is_file()), None)
    return ModelFiles(weights.stem, weights, manifest if manifest.is_file() else None, labels=labels)


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write_through(folder: Path) -> None:
    """What is renamed into place is on disk: a loss of power leaves no empty files."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _discard(path: Path, beside: Path) -> None:
    """Take a folder away at once for whoever looks, and then from the disk."""
    hidden = Path(tempfile.mkdtemp(prefix=".gone-", dir=beside))
    path.rename(hidden / path.name)
    shutil.rmtree(hidden)


def _clear_abandoned(home: Path) -> None:
    for path in home.glob(".stage-*"):
        with contextlib.suppress(OSError):  # its maker ends at this very moment
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(path)
