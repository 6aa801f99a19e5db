"""A dialog: over the page, by keyboard alone, closed by Escape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from markupsafe import escape
from nicegui import ui

from streamer.pages.markup import box, show


class Dialog:
    """What is made inside ``made`` is shown once it is opened."""

    def __init__(self, key: str, title: str) -> None:
        self._title = title
        self._key = key
        self._element = box("dialog", "dialog", aria_labelledby=f"{key}-title")

    @contextmanager
    def made(self) -> Iterator[None]:
        with self._element:
            show(escape(self._title), "h2", id=f"{self._key}-title")
            yield

    def open(self) -> None:
        ui.run_javascript(f"getHtmlElement({self._element.id}).showModal()")

    def close(self) -> None:
        ui.run_javascript(f"getHtmlElement({self._element.id}).close()")
