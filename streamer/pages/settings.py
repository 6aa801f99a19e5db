"""The page of a camera's settings: its form, beside its live picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from nicegui import ui

from detectors.errors import DetectorError
from streamer.errors import StreamerError, UnknownCamera
from streamer.fleet.desk import Stale
from streamer.pages.draft import Draft, by_field
from streamer.pages.form import TITLES, CameraForm, group
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Text, box, h, show
from streamer.pages.removing import RemoveDialog
from streamer.pages.screen import Screen, trouble
from streamer.pages.single import figures

if TYPE_CHECKING:
    from streamer.pages.changing import CameraSettings
    from streamer.pages.desks import SettingsDesk
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.looking import Look
    from streamer.pages.parts import Parts

REFRESH_S: Final = 1.0
GONE: Final = "Somebody removed this camera in between."
CONFLICT: Final = "Somebody else changed this camera in between. What you typed is still here."
ELSEWHERE: Final = "What they changed is not in this form: zones, lines or masks, perhaps."


class SettingsPage:
    """The settings of one camera, for one person."""

    def __init__(self, parts: Parts, desk: SettingsDesk, here: Here, camera: str) -> None:
        self._parts = parts
        self._desk = desk
        self._here = here
        self._camera = camera
        self._form = CameraForm(desk.settings(camera), self._look)
        self._figures: ui.html
        self._screen: Screen
        self._conflict: ui.element
        self._said: ui.html

    def build(self, layout: Layout) -> None:
        """Make the page."""
        here, camera = self._here, self._camera
        title = self._parts.title(camera)
        with layout.page(here, f"Settings of {title}", "/", "settings"):
            with box("div", "head"):
                back = h(
                    "a", icon("back"), h("span", title, class_="unseen"), href=here.at(f"/cameras/{camera}")
                )
                show(back, "p", "back")
                show(h("span", title), "h1")
                self._figures = show(EMPTY, "div", "figures")
            with box("div", "sides"):
                self._main()
                with box("aside", "beside", aria_label="Live picture"), box("div", "screen"):
                    self._screen = Screen(here)
            self._refresh()
        ui.timer(REFRESH_S, self._refresh)

    def _main(self) -> None:
        with box("div", "settings-form"):
            with box("form", method="dialog", aria_label="Settings").on("submit.prevent", self._save) as form:
                fields = box("div", "groups")
                with box("div", "foot"):
                    self._conflict = box("div", "conflict", role="alert")
                    save = Text("button", "Save", "button primary", type="submit")
                    discard = Text("button", "Discard", "button", type="button").on("click", self._load)
                    self._said = show(EMPTY, "p", "said", role="status")
            self._farewell()

        def changed(is_changed: bool) -> None:
            for button in (save, discard):
                button.props["disabled"] = not is_changed
            # Who leaves the page then is asked whether that is meant.
            form.props["data-unsaved"] = "yes" if is_changed else "no"

        with fields:
            self._form.build(changed)

    def _farewell(self) -> None:
        named_in = self._desk.named_in(self._camera)
        dialog = RemoveDialog(self._parts.title(self._camera), named_in, self._remove)
        with group("Remove", "farewell"):
            show(Markup("It is watched no more. Its events stay."), "p")
            Text("button", "Remove this camera …", "button danger", type="button").on("click", dialog.open)

    async def _look(self, address: str) -> Look:
        return await self._desk.look_at(self._camera, address, self._form.draft)

    async def _save(self) -> None:
        form = self._form
        before, draft = form.shown.draft, form.draft
        if draft == before:
            return
        self._tell("Saving …")
        try:
            await self._desk.change(self._camera, before, draft, form.shown.version)
        except Stale:
            self._tell("")
            newer = self._newest()
            if newer is not None:
                self._ask(newer)
        except UnknownCamera:
            self._tell(GONE, "wrong")
        except (StreamerError, DetectorError) as error:
            wrong = by_field(str(error), self._camera)
            form.refuse(wrong)
            self._tell(wrong.get("", "") or "Not saved: see above.", "wrong")
        else:
            self._load()
            self._tell("Saved. It counts from now on.", "good")

    def _load(self) -> None:
        """Show what is configured now, in place of what was typed."""
        newest = self._newest()
        if newest is not None:
            self._form.fill(newest)
            self._conflict.clear()
            self._tell("")

    def _newest(self) -> CameraSettings | None:
        """What is configured now; None, and said, where the camera is gone."""
        try:
            return self._desk.settings(self._camera)
        except UnknownCamera:
            self._tell(GONE, "wrong")
            return None

    def _ask(self, newer: CameraSettings) -> None:
        """Whose word counts, where two have changed the same camera."""
        form = self._form
        mine = form.draft.over(form.shown.draft, newer.draft)

        async def keep_mine() -> None:
            form.fill(newer, mine)
            self._conflict.clear()
            await self._save()

        self._conflict.clear()
        with self._conflict:
            show(Markup("<p>{}</p>").format(CONFLICT))
            show(differences(form.shown.draft, newer.draft), "ul")
            with box("div", "buttons"):
                Text("button", "Load the newer one", "button", type="button").on("click", self._load)
                Text("button", "Save mine over it", "button primary", type="button").on("click", keep_mine)

    async def _remove(self) -> str:
        try:
            await self._desk.remove(self._camera)
        except UnknownCamera:
            return GONE
        except (StreamerError, DetectorError) as error:
            return str(error)
        ui.run_javascript("document.querySelector('[data-unsaved]').dataset.unsaved = 'no'")
        ui.navigate.to("/")
        return ""

    def _refresh(self) -> None:
        if self._camera not in self._parts.cameras:
            self._figures.content = str(h("span", GONE, class_="wrong"))
            return
        reading = self._parts.readings.snapshot(self._camera)
        self._figures.content = str(figures(reading))
        self._screen.tell(reading, trouble(reading, self._here))

    def _tell(self, text: str, tone: str = "") -> None:
        self._said.content = str(h("span", text, class_=tone or None)) if text else ""


def differences(before: Draft, newer: Draft) -> Markup:
    """What somebody else has made of it."""
    changed = newer.changed(before)
    lines = [
        h("li", f"{TITLES[name]}: ", h("b", _shown(getattr(newer, name))))
        for name in TITLES
        if name in changed
    ]
    return Markup().join(lines) if lines else h("li", ELSEWHERE)


def _shown(value: str | bool) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value or "nothing"
