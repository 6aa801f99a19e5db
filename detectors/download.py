"""Fetches a file of known size and hash: goes on where it was cut off, gives away nothing unverified."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.errors import ModelLoadError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
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


def fetch(source: str, target: Path, expected: Expected, tell: Callable[[int], None]) -> None:
    """Bring a file here, verified.

    Args:
        source: http or https address (proxies of the environment are used), or the path of a file.
        target: where it goes; what came so far lies beside it as ``.part``.
        expected: its size and hash.
        tell: hears how many bytes are there.

    Raises:
        Unreachable: it did not come whole; what came is kept for the next try.
        ModelLoadError: it is another file; nothing of it is kept.
    """
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.startswith(("http://", "https://")):
            _download(source, part, expected, tell)
        else:
            with Path(source).expanduser().open("rb") as file, part.open("wb") as out:
                _copy(file, out, expected.size, tell)
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{source}: the server answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(
            f"{source}: {one_line(reason if isinstance(reason, Exception) else error)}"
        ) from error
    _verify(source, part, expected)
    part.replace(target)


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
        with part.open("ab" if resumed else "wb") as out:
            _copy(answer, out, expected.size, tell)


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
        raise ModelLoadError(
            f"{source}: not the model: expected {expected.size} bytes with sha256 {expected.sha256}, "
            f"received {'more' if size > expected.size else f'sha256 {digest}'}; nothing of it was kept"
        )
