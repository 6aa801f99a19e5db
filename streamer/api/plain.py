"""Pages that need no script: what they look like stands in them."""

from __future__ import annotations

from importlib.resources import files


def plain_page(name: str) -> str:
    """The text of one; other names in braces are left to whoever shows it."""
    looks = "".join(_text(each) for each in ("colours.css", "plain.css"))
    return _text(name).replace("{looks}", looks)


def _text(name: str) -> str:
    return files("streamer.web").joinpath(name).read_text()
