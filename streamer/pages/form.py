"""The form of a camera: its fields, and what is typed into them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from markupsafe import escape
from nicegui import ui

from streamer.pages.draft import Draft
from streamer.pages.fields import Choice, Field, Switch, focus
from streamer.pages.markup import EMPTY, Text, box, h, show

if TYPE_CHECKING:
    from streamer.pages.changing import CameraSettings
    from streamer.pages.looking import Look

TITLES: Final[Mapping[str, str]] = {
    "title": "Title",
    "enabled": "Camera on",
    "main": "Address",
    "sub": "Smaller stream",
    "username": "Username",
    "password": "Password",
    "detects": "Look for objects",
    "detector": "Detector",
    "fps": "Detections per second",
}
KEPT: Final = "••••••••"
"""In place of a password that is kept, and that no page is told."""


class CameraForm:
    """Shows what is configured, and holds what is typed in its place.

    Attributes:
        shown: what is configured, as far as this form knows.
    """

    def __init__(self, settings: CameraSettings, look: Callable[[str], Awaitable[Look]]) -> None:
        """
        Args:
            settings: what is configured.
            look: says what an address shows.
        """
        self.shown = settings
        self._look = look
        self._fields: dict[str, Field] = {}
        self._looks: dict[str, ui.html] = {}
        self._tries = {"main": 0, "sub": 0}
        self._changed: Callable[[bool], None] = lambda _: None

    def build(self, changed: Callable[[bool], None]) -> None:
        """Make the fields; ``changed`` hears whether something else is typed than what is configured."""
        self._changed = changed
        with group("Camera"):
            self._add(Field, "title", "What people see in place of its name.", placeholder="its name")
            self._add(Switch, "enabled", "Off, it is not opened at all.")
        with group("Pictures"):
            self._address(
                "main", "Of its larger stream, if it has two: for people, and for pictures of events."
            )
            self._address("sub", "If it has one: objects are looked for in it, which costs less.")
            with box("div", "pair"):
                self._add(Field, "username", placeholder="none").on_change(self._try_first)
                password = self._add(Field, "password", type="password", autocomplete="new-password")
                password.on_change(self._try_first)
        with group("Detection"):
            self._add(Switch, "detects", "Off, the camera can still be watched.")
            models = self.shown.detectors.items()
            self._add(Choice, "detector", **{name: f"{name} · {model}" for name, model in models})
            self._add(Field, "fps", "0: every picture is looked at.", inputmode="decimal")
        self.fill(self.shown)

    @property
    def draft(self) -> Draft:
        """What is typed."""
        typed = {name: field.value for name, field in self._fields.items()}
        return Draft(**typed)  # type: ignore[arg-type]

    def fill(self, settings: CameraSettings, draft: Draft | None = None) -> None:
        """Begin from what is configured; with a draft, that is typed in its place."""
        self.shown = settings
        for name, field in self._fields.items():
            value = getattr(draft or settings.draft, name)
            is_said = value != "" or (name == "password" and settings.has_password)
            # Where nothing stands, there is nothing to say where it comes from.
            origin = settings.origins[name] if is_said and value == getattr(settings.draft, name) else ""
            hidden = (KEPT if settings.has_password else "none") if name == "password" else None
            field.fill(value, origin, hidden)
        for name, look in self._looks.items():
            self._tries[name] += 1
            look.content = ""
        self._compare()

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Say at each field what is wrong with it; the first one is where to go on."""
        for name, field in self._fields.items():
            field.tell(wrong.get(name, ""))
            if name in self._looks and wrong.get(name):
                self._looks[name].content = ""
        first = next((name for name in self._fields if wrong.get(name)), None)
        if first is not None:
            focus(_key(first))

    def _add(self, kind: type[Field], name: str, hint: str = "", **attributes: str) -> Field:
        self._fields[name] = field = kind(_key(name), TITLES[name], hint, **attributes)
        field.element.on("input", self._compare)
        return field

    def _address(self, name: str, hint: str) -> None:
        async def look() -> None:
            await self._try(name)

        with box("div", "checked"):
            self._add(Field, name, hint, inputmode="url").on_change(look)
            check = Text("button", "Check", "button", type="button").on("click", look)
            check.props["aria-label"] = f"Check: {TITLES[name].lower()}"
        self._looks[name] = show(EMPTY, "p", "look", role="status")

    async def _try_first(self) -> None:
        await self._try("main")

    async def _try(self, name: str) -> None:
        address = str(self._fields[name].value).strip()
        said = self._looks[name]
        self._tries[name] += 1
        this_one = self._tries[name]
        said.content = str(escape("Trying …")) if address else ""
        if not address:
            return
        found = await self._look(address)
        # What a later look finds is truer.
        if this_one == self._tries[name]:
            said.content = str(h("span", found.text, class_="good" if found.good else "wrong"))

    def _compare(self) -> None:
        self._changed(self.draft != self.shown.draft)


@contextmanager
def group(title: str, classes: str = "") -> Iterator[None]:
    """Fields that belong together."""
    with box("section", f"group {classes}".strip(), aria_label=title):
        show(escape(title), "h2")
        with box("div", "inside"):
            yield


def _key(name: str) -> str:
    return f"camera-{name}"
