"""The styles and scripts of the pages, at addresses that change with what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

FOLDER: Final = "pages"
TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NAMES: Final = ("colours.css", "pages.css", "pages.js", "player.js", "scene.js", "label.js", "sightline.svg")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the pages."""

    content: bytes
    media_type: str


class Assets:
    """All of them; browsers may keep each for ever."""

    def __init__(self) -> None:
        self._files = {name: _read(name) for name in NAMES}
        digest = sha256(b"\0".join(asset.content for asset in self._files.values()))
        self._version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a file is, below the address of the service."""
        return f"/{FOLDER}/{self._version}/{name}"

    @property
    def favicon(self) -> str:
        """The mark of the service, as SVG."""
        return self._files["sightline.svg"].content.decode()

    @property
    def files(self) -> Mapping[str, Asset]:
        """By name."""
        return self._files


def _read(name: str) -> Asset:
    content = files("streamer.web").joinpath(name).read_bytes()
    return Asset(content, TYPES[name.rpartition(".")[2]])
