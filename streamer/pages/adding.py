"""The dialog that adds a camera."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from nicegui import ui

from detectors.errors import DetectorError
from streamer.errors import StreamerError
from streamer.pages.dialog import Dialog
from streamer.pages.draft import by_field
from streamer.pages.fields import Field, focus
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.pages.naming import free, suggested, wrong_name

if TYPE_CHECKING:
    from streamer.pages.desks import CameraDesk, Probe

WAYS: Final = (("address", "Camera or file"), ("device", "This device"))
EXAMPLES: Final = (
    ("rtsp://user:password@192.168.1.20/stream1", "a camera on the network"),
    ("http://192.168.1.20/video.mjpg", "one that speaks MJPEG or HLS"),
    ("/dev/video0", "one that is plugged in where Sightline runs"),
    ("/videos/gate.mp4", "a recording, which plays again and again"),
)
NO_CAMERA: Final = (
    "This page came over plain http from another machine, and to such a page a browser gives no camera."
    " Start Sightline with "
)
ON_A_DEVICE: Final = (
    "The camera of this phone or computer, sent by its browser. The next page asks for it, and sends nothing"
    " before you press the red button."
)
OF_FIELDS: Final = {"address": "main"}
"""What a field is called in the form of a camera, where that is otherwise."""


class AddDialog:
    """Asks for a camera, tries it, and adds it."""

    def __init__(self, desk: CameraDesk, probe: Probe | None, taken: Collection[str], device: str) -> None:
        """
        Args:
            desk: adds it.
            probe: tries it.
            taken: names that are taken.
            device: what the device is called that asks.
        """
        self._desk = desk
        self._probe = probe
        self._taken = taken
        self._device = device
        self._suggested = ""
        self._tries = 0
        self._dialog = Dialog("add", "Add a camera")
        with self._dialog.made():
            show(_ways(), "fieldset", "ways", aria_label="What kind of camera")
            with box("form", "by-address", method="dialog").on("submit.prevent", self._add):
                self._by_address()
            with box("form", "by-device", method="dialog").on("submit.prevent", self._add_device):
                self._by_device()

    def open(self) -> None:
        """Show it, empty; Escape closes it."""
        for field in self._fields.values():
            field.fill("")
        self._device_name.fill(free(self._device, self._taken))
        self._suggested = ""
        self._tries += 1
        self._tell("")
        self._dialog.open()
        ui.run_javascript(f"document.getElementById('add-{WAYS[0][0]}-way').checked = true")
        focus("add-address")

    def _by_address(self) -> None:
        address = Field(
            "add-address", "Address", _examples(), placeholder="rtsp://192.168.1.20/stream1", inputmode="url"
        )
        with box("div", "pair"):
            username = Field("add-username", "Username", placeholder="if it wants one")
            password = Field("add-password", "Password", type="password", autocomplete="new-password")
        name = Field("add-name", "Name", placeholder="front-door")
        self._fields = {"address": address, "username": username, "password": password, "name": name}
        address.element.on("input", self._suggest)
        self._said = show(EMPTY, "p", "said", role="status")
        with box("div", "buttons"):
            Text("button", "Cancel", "button", type="button").on("click", self._dialog.close)
            if self._probe is not None:
                Text("button", "Try it", "button", type="button").on("click", self._look)
                for field in (address, username, password):
                    field.on_change(self._look)
            Text("button", "Add", "button primary", type="submit")

    def _by_device(self) -> None:
        show(escape(ON_A_DEVICE), "p", "hint secure-only")
        refusal = (
            icon("bad"),
            h("span", NO_CAMERA, h("code", "--tls auto"), ", and open its https address."),
        )
        show(join(refusal), "p", "refusal insecure-only")
        self._device_name = Field("add-device-name", "Name of this device")
        self._device_name.element.classes("secure-only")
        with box("div", "buttons"):
            Text("button", "Cancel", "button", type="button").on("click", self._dialog.close)
            Text("button", "Use this device", "button primary secure-only", type="submit")

    def _suggest(self) -> None:
        name = self._fields["name"]
        if name.value == self._suggested:
            address = str(self._fields["address"].value)
            self._suggested = suggested(address, self._taken) if address.strip() else ""
            name.fill(self._suggested)

    async def _look(self) -> None:
        assert self._probe is not None
        address = str(self._fields["address"].value)
        self._tries += 1
        this_one = self._tries
        if not address.strip():
            self._tell("Its address comes first.")
            return
        self._tell("Trying …")
        look = await self._probe.probe(address, *self._login())
        # What a later look finds is truer.
        if this_one == self._tries:
            self._tell(look.text, "good" if look.good else "wrong")

    def _login(self) -> tuple[str, str]:
        return str(self._fields["username"].value).strip(), str(self._fields["password"].value)

    async def _add(self) -> None:
        name, address = str(self._fields["name"].value).strip(), str(self._fields["address"].value)
        wrong = {"name": wrong_name(name, self._taken)}
        if not wrong["name"]:
            try:
                await self._desk.add(name, address, *self._login())
            except (StreamerError, DetectorError) as error:
                wrong = by_field(str(error), name)
            else:
                self._dialog.close()
                return
        self._refuse(wrong)

    def _refuse(self, wrong: Mapping[str, str]) -> None:
        """Each thing that is wrong stands where it can be mended."""
        for key, field in self._fields.items():
            field.tell(wrong.get(OF_FIELDS.get(key, key), ""))
        self._tell(wrong.get("", ""), "wrong")
        focus(
            next((f"add-{key}" for key in self._fields if wrong.get(OF_FIELDS.get(key, key))), "add-address")
        )

    async def _add_device(self) -> None:
        name = str(self._device_name.value).strip()
        wrong = wrong_name(name, self._taken)
        if not wrong:
            try:
                await self._desk.add(name, "whip://", "", "")
            except (StreamerError, DetectorError) as error:
                wrong = "\n".join(by_field(str(error), name).values())
            else:
                ui.navigate.to(f"/send/{name}")
                return
        self._device_name.tell(wrong)
        focus("add-device-name")

    def _tell(self, text: str, tone: str = "") -> None:
        self._said.content = str(h("span", text, class_=tone or None))


def _ways() -> Markup:
    return join(
        h(
            "label",
            h("input", type="radio", name="add-way", id=f"add-{way}-way", checked=way == WAYS[0][0]),
            h("span", title),
        )
        for way, title in WAYS
    )


def _examples() -> Markup:
    rows = (h("li", h("code", address), " ", h("span", what)) for address, what in EXAMPLES)
    return h("details", h("summary", "What addresses look like"), h("ul", *rows, class_="examples"))
