"""Fetches a file of known size and hash: goes on where it was cut off, gives away nothing unverified."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.errors import ModelLoadError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

CHUNK: Final = 1 << 16
TIMEOUT_S: Final = 30
PARTIAL: Final = 206


@dataclass(frozen=True, slots=True)
class Expected:
    """Which bytes are wanted."""

    size: int
    sha256: str


class Unreachable(ModelLoadError):
    """Nobody answers at the address, or what came ended early: another try may go on from there."""


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Nobody else fetches or uses ``target`` meanwhile.

    Raises:
        ModelLoadError: somebody does.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f"{target.name}.lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            taken = os.fstat(file.fileno()).st_nlink > 0
        except BlockingIOError:
            taken = False
        if not taken:
            raise ModelLoadError(f"{target.stem}: another command fetches it at this moment")
        try:
            yield
        finally:
            lock.unlink()


def fetch(source: str, target: Path, expected: Expected, tell: Callable[[int], None]) -> None:
    """Bring a file here, verified.

    Args:
        source: http or https address (proxies of the environment are used), or the path of a file.
        target: where it goes; what came so far lies beside it as ``.part``.
        expected: its size and hash.
        tell: hears how many bytes are there.

    Raises:
        Unreachable: it did not come whole; what came is kept for the next try.
        ModelLoadError: it is another file, of which nothing is kept, or there is no such file.
    """
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.startswith(("http://", "https://")):
            _download(source, part, expected, tell)
        else:
            _copy_file(source, part, expected, tell)
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{source}: the server answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{source}: {_reason(error)}") from error
    _verify(source, part, expected)
    part.replace(target)


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None)
    error = inner if isinstance(inner, Exception) else error
    told = error.strerror if isinstance(error, OSError) and type(error.strerror) is str else None
    return told or (inner if isinstance(inner, str) and inner else one_line(error))


def _download(source: str, part: Path, expected: Expected, tell: Callable[[int], None]) -> None:
    there = part.stat().st_size if part.exists() else 0
    if there >= expected.size:
        return
    request = urllib.request.Request(source)
    if there:
        request.add_header("Range", f"bytes={there}-")
    # An opener of its own: the library's keeps the proxies that it found first.
    with urllib.request.build_opener().open(request, timeout=TIMEOUT_S) as answer:
        resumed = answer.status == PARTIAL and answer.headers.get("Content-Range", "").startswith(
            f"bytes {there}-"
        )
        rest = answer.headers.get("Content-Length", "")
        # The page of a login, say: as a beginning it would spoil the next try.
        if rest.isdecimal() and (size := int(rest) + there * resumed) != expected.size:
            raise _another(source, expected, f"{size} bytes")
        with part.open("ab" if resumed else "wb") as out:
            _copy(answer, out, expected.size, tell)


def _copy_file(source: str, part: Path, expected: Expected, tell: Callable[[int], None]) -> None:
    if "://" in source:
        raise ModelLoadError(f"{source}: expected an address of http or https, or a file")
    path = Path(source).expanduser()
    try:
        size = path.stat().st_size
        if not path.is_file() or size != expected.size:
            raise _another(source, expected, f"{size} bytes" if path.is_file() else "no file")
        file = path.open("rb")
    except OSError as error:
        raise ModelLoadError(f"{source}: {error.strerror}") from error
    with file, part.open("wb") as out:
        _copy(file, out, expected.size, tell)


def _copy(source: BinaryIO, out: BinaryIO, size: int, tell: Callable[[int], None]) -> None:
    """One byte more than is wanted is enough to know that it is another file."""
    tell(out.tell())
    while out.tell() <= size and (chunk := source.read(CHUNK)):
        out.write(chunk)
        tell(out.tell())


def _verify(source: str, part: Path, expected: Expected) -> None:
    size = part.stat().st_size
    if size < expected.size:
        raise Unreachable(f"{source}: {size} of {expected.size} bytes came")
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    if size > expected.size or digest != expected.sha256:
        part.unlink()
        raise _another(source, expected, "more" if size > expected.size else f"sha256 {digest}")


def _another(source: str, expected: Expected, received: str) -> ModelLoadError:
    return ModelLoadError(
        f"{source}: not the model: expected {expected.size} bytes with sha256 {expected.sha256}, "
        f"received {received}; nothing of it was kept"
    )
