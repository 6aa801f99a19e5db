"""HTML that cannot be broken by what stands in it, and elements of NiceGUI that are plain HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, TypeVar

from markupsafe import Markup, escape
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

E = TypeVar("E", bound=Element)
Attribute: TypeAlias = str | int | float | bool | None

EMPTY: Final = Markup("")
VOID: Final = frozenset({"img", "br", "input"})


def h(tag: str, *content: str | Markup, **attributes: Attribute) -> Markup:
    """A piece of HTML: ``h("a", "Events", href="/events", class_="button")``.

    True is an attribute without a value; None and False are none.
    """
    shown = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    # Tags and names are words of ours; f-strings take a third of the time.
    return Markup(f"<{tag}{shown}>" if tag in VOID else f"<{tag}{shown}>{join(content)}</{tag}>")


def join(content: Iterable[str | Markup]) -> Markup:
    """One piece after the other."""
    return EMPTY.join(escape(piece) for piece in content)


def show(content: Markup, tag: str = "div", classes: str = "", **attributes: Attribute) -> ui.html:
    """Puts HTML on the page; ``.content`` replaces it."""
    return _dressed(ui.html(str(content), sanitize=False, tag=tag), classes, attributes)


def box(tag: str = "div", classes: str = "", **attributes: Attribute) -> Element:
    """An element that others are put into."""
    return _dressed(ui.element(tag), classes, attributes)


class Text(TextElement):
    """An element with a text, such as a button."""

    def __init__(self, tag: str, text: str, classes: str = "", **attributes: Attribute) -> None:
        super().__init__(tag=tag, text=text)
        _dressed(self, classes, attributes)


def _dressed(element: E, classes: str, attributes: Mapping[str, Attribute]) -> E:
    if classes:
        element.classes(classes)
    for name, value in attributes.items():
        if value is not None and value is not False:
            element.props[_name(name)] = "" if value is True else value
    return element


def _name(keyword: str) -> str:
    return keyword.rstrip("_").replace("_", "-")
