"""A list whose entries stay the same elements while they are there: what has the focus keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from streamer.pages.markup import h, show

if TYPE_CHECKING:
    from nicegui import ui
    from nicegui.element import Element


@dataclass(frozen=True, slots=True)
class Row:
    """An entry: ``key`` is what makes it the same one; with ``href`` it is a link."""

    key: str
    content: Markup
    tag: str = "a"
    classes: str = "card"
    href: str | None = None

    def markup(self) -> Markup:
        """The entry, where it does not change any more."""
        return h(self.tag, self.content, class_=self.classes, href=self.href)


class Rows:
    """Entries inside an element."""

    def __init__(self, within: Element) -> None:
        self._within = within
        self._shown: dict[str, ui.html] = {}

    def show(self, rows: Sequence[Row]) -> None:
        """Show these, in this order."""
        wanted = {row.key for row in rows}
        for key in [key for key in self._shown if key not in wanted]:
            self._shown.pop(key).delete()
        for place, row in enumerate(rows):
            self._put(row, place)

    def _put(self, row: Row, place: int) -> None:
        element = self._shown.get(row.key)
        if element is None:
            with self._within:
                element = show(row.content, row.tag, row.classes, href=row.href)
            self._shown[row.key] = element
        else:
            element.content = str(row.content)
        children = self._within.default_slot.children
        if children[place] is not element:
            element.move(self._within, place)
