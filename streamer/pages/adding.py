"""The dialog that adds a camera."""

from __future__ import annotations

from typing import Final, Protocol

from markupsafe import Markup
from nicegui import ui

from streamer.errors import StreamerError
from streamer.pages.markup import Text, box, h, show

FIELDS: Final = (
    ("name", "Name", "text", "front-door", "off"),
    ("address", "Address", "text", "rtsp://192.168.1.20/stream1", "off"),
    ("username", "Username", "text", "", "off"),
    ("password", "Password", "password", "", "new-password"),
)


class CameraDesk(Protocol):
    """Where cameras are added."""

    async def add(self, name: str, address: str, username: str, password: str) -> None:
        """Adds a camera that runs from now on; StreamerError says what is wrong."""


class Probe(Protocol):
    """Tries a camera without adding it."""

    async def probe(self, address: str, username: str, password: str) -> str:
        """What it shows, in words; StreamerError says why it does not."""


class AddDialog:
    """Asks for a camera, tries it, and adds it."""

    def __init__(self, desk: CameraDesk, probe: Probe | None) -> None:
        self._desk = desk
        self._probe = probe
        self._values = {name: "" for name, *_ in FIELDS}
        with box("dialog", "dialog", aria_labelledby="add-title") as self._dialog:
            show(Markup("Add a camera"), "h2", id="add-title")
            for field in FIELDS:
                self._field(*field)
            self._said = show(Markup(), "p", "said", role="status")
            with box("div", "buttons"):
                Text("button", "Cancel", "button", type="button").on("click", self._close)
                if probe is not None:
                    self._try = Text("button", "Try it", "button", type="button").on("click", self._look)
                Text("button", "Add", "button primary", type="button").on("click", self._add)

    def open(self) -> None:
        """Show it; Escape closes it."""
        self._tell("")
        ui.run_javascript(f"getHtmlElement({self._dialog.id}).showModal()")

    def _field(self, name: str, title: str, kind: str, example: str, autocomplete: str) -> None:
        with box("label", "field"):
            show(Markup(h("span", title)), "span")
            field = box(
                "input", type=kind, placeholder=example or None, autocomplete=autocomplete, spellcheck="false"
            )
            field.on(
                "input",
                lambda event: self._values.update({name: event.args}),
                js_handler="(e) => emit(e.target.value)",
            )

    async def _look(self) -> None:
        assert self._probe is not None
        values = self._values
        self._tell("Trying …")
        try:
            self._tell(await self._probe.probe(values["address"], values["username"], values["password"]))
        except StreamerError as error:
            self._tell(str(error), wrong=True)

    async def _add(self) -> None:
        try:
            await self._desk.add(**self._values)
        except StreamerError as error:
            self._tell(str(error), wrong=True)
        else:
            self._close()

    def _close(self) -> None:
        ui.run_javascript(f"getHtmlElement({self._dialog.id}).close()")

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        self._said.content = str(h("span", text, class_="wrong" if wrong else None))
