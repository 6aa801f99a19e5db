"""Files in PEM: what has to be in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.errors import WrongOption


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: its mark, and what a person calls it."""

    mark: str
    what: str


CERTIFICATE: Final = Content("-----BEGIN CERTIFICATE-----", "a certificate")
KEY: Final = Content("PRIVATE KEY-----", "a private key")


def require(path: Path, content: Content, option: tuple[str, ...]) -> None:
    """See that a file can be read and holds such a thing.

    Raises:
        WrongOption: it does not; of the option that names it.
    """
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise WrongOption(option, f"{path}: {error.strerror}") from None
    if content.mark not in text:
        received = f"received a file without '{content.mark}'"
        raise WrongOption(option, f"{path}: expected {content.what} in PEM, {received}")
