"""Fields of a form: a name, what is typed, where it comes from, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from nicegui import ui

from streamer.pages.markup import EMPTY, Attribute, box, h, join, show

if TYPE_CHECKING:
    from nicegui.events import GenericEventArguments

VALUE: Final = "(e) => emit(e.target.type === 'checkbox' ? e.target.checked : e.target.value)"
PLAIN: Final[Mapping[str, Attribute]] = {
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
}


class Field:
    """One field. What is typed lives in the browser; it is replaced only by ``fill``.

    Attributes:
        value: what stands in it now.
    """

    def __init__(self, key: str, title: str, hint: str | Markup = "", **attributes: Attribute) -> None:
        """
        Args:
            key: of the page's own: letters, digits and dashes.
            title: what it is called.
            hint: what helps to fill it.
            attributes: of the input.
        """
        self.value: str | bool = ""
        self._key = key
        self._title = title
        self._attributes = {**PLAIN, **attributes}
        self._fills = 0
        with box("div", "field") as self.element:
            self._control = show(EMPTY, "div", "control")
            if hint:
                show(escape(hint), "div", "hint", id=f"{key}-hint")
            self._wrong = show(EMPTY, "p", "wrong", id=f"{key}-wrong")
        self._described = f"{key}-hint {key}-wrong" if hint else f"{key}-wrong"
        self.element.on("input", self._typed, js_handler=VALUE)

    def fill(self, value: str | bool, origin: str = "", placeholder: str | None = None) -> None:
        """Put this in.

        Args:
            value: what stands in it.
            origin: where that comes from.
            placeholder: what stands there while it is empty; as before unless said.
        """
        self.value = value
        if placeholder is not None:
            self._attributes["placeholder"] = placeholder
        self._fills += 1
        # Also where it is the same value, what was typed over it goes.
        anew = Markup("<!--{}-->").format(self._fills)
        self._control.content = str(join((anew, self._content(value, origin))))
        self.tell("")

    def tell(self, wrong: str) -> None:
        """Say what is wrong with it; nothing, once it is empty."""
        self._wrong.content = str(escape(wrong))

    def on_change(self, handler: Callable[[], Awaitable[None]]) -> None:
        """Called once somebody has changed it, and leaves it."""
        self.element.on("change", handler)

    def _typed(self, event: GenericEventArguments) -> None:
        self.value = event.args
        # What was wrong was about what stood there before.
        self.tell("")

    def _content(self, value: str | bool, origin: str) -> Markup:
        return join((self._label(origin), h("input", **self._said(), value=str(value))))

    def _label(self, origin: str) -> Markup:
        return h("div", h("label", self._title, for_=self._key), _from(origin), class_="label")

    def _said(self) -> dict[str, Attribute]:
        return {"type": "text", **self._attributes, "id": self._key, "aria_describedby": self._described}


class Switch(Field):
    """A field that is on or off."""

    def _content(self, value: str | bool, origin: str) -> Markup:
        title = h("span", self._title, id=f"{self._key}-title")
        said = {**self._said(), "type": "checkbox", "role": "switch", "checked": bool(value)}
        control = h("input", **said, aria_labelledby=f"{self._key}-title")
        return h("label", title, _from(origin), control, class_="switch")


class Choice(Field):
    """A field with one of several values."""

    def __init__(self, key: str, title: str, hint: str = "", **choices: str) -> None:
        """
        Args:
            key, title, hint: as of any field.
            choices: what is shown of each value.
        """
        self._choices = choices
        super().__init__(key, title, hint)

    def _content(self, value: str | bool, origin: str) -> Markup:
        options = (h("option", text, value=key, selected=key == value) for key, text in self._choices.items())
        select = h("select", *options, id=self._key, aria_describedby=self._described)
        return join((self._label(origin), select))


def _from(origin: str) -> Markup:
    return h("span", origin, class_="origin") if origin else EMPTY


def focus(key: str) -> None:
    """Where a person goes on."""
    ui.run_javascript(f"document.getElementById({key!r})?.focus()")
