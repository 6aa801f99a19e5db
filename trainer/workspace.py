"""A training's files: its state, whole at any moment, and what it has learnt so far."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

RUN: Final = "run.json"
STATE: Final = "state.npz"
LOCK: Final = ".lock"
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Workspace:
    """A folder that one training uses at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """The folder for this process alone.

        Raises:
            TrainerError: another training uses it, or it cannot be written.
        """
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / LOCK).open("w")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainerError(f"{self.folder}: another training is at work there") from None
            yield

    def begin(self, fingerprint: str, resume: bool) -> bool:
        """Get ready for a training; True when it goes on with an earlier one.

        Raises:
            TrainerError: there is nothing to go on with, or it was made otherwise.
        """
        before = self._before()
        if resume and before is None:
            raise TrainerError(f"{self.folder}: nothing to resume there: leave --resume out")
        if resume and before != fingerprint:
            raise TrainerError(
                f"{self.folder}: pictures, backbone or options differ from those of the training to resume"
            )
        if resume:
            return True
        with told(self.folder):
            for path in self.folder.glob("*.np[yz]"):
                path.unlink()
            _replace(self.folder / RUN, json.dumps({"fingerprint": fingerprint}).encode())
        return False

    @property
    def resumable(self) -> bool:
        """Whether a training was begun here and not finished."""
        return (self.folder / RUN).is_file()

    def keep(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays in one step: whoever reads finds the old ones or the new ones, whole.

        Raises:
            TrainerError: the disk is full, or cannot be written.
        """
        path = self.folder / name
        with told(path):
            descriptor, beside = tempfile.mkstemp(prefix=".new-", dir=self.folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    np.savez(file, allow_pickle=False, **dict(arrays))
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).replace(path)
            finally:
                Path(beside).unlink(missing_ok=True)

    def kept(self, name: str) -> Arrays | None:
        """What was kept; None where nothing was."""
        path = self.folder / name
        try:
            with np.load(path, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise TrainerError(f"{path}: damaged: {error}: leave --resume out to begin again") from error

    def drop(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def finish(self) -> None:
        """Take the state away: the model has all that it led to."""
        for path in (*self.folder.glob("*.np[yz]"), self.folder / RUN):
            path.unlink(missing_ok=True)

    def _before(self) -> str | None:
        try:
            found: str = json.loads((self.folder / RUN).read_bytes())["fingerprint"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainerError(f"{self.folder / RUN}: damaged: {error}") from error
        return found


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Failures of the disk as one line."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise TrainerError(f"{path}: the disk is full: make room, and go on with --resume") from error
        raise TrainerError(f"{path}: {error.strerror or error}") from error


def room(path: Path, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array in a file. A full disk would end the process while it is written to: its place is taken first.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    array: NDArray[Any] = np.lib.format.open_memmap(path, "w+", dtype, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".new-{path.name}")
    beside.write_bytes(content)
    beside.replace(path)
