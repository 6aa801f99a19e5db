"""One camera, large, and what happened there last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import escape
from nicegui import ui

from streamer.errors import SinkUnavailable
from streamer.pages import words
from streamer.pages.cards import card
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, box, h, join, show
from streamer.pages.rows import Rows
from streamer.pages.screen import Screen, captioned
from streamer.storage.query import EventQuery

if TYPE_CHECKING:
    from markupsafe import Markup

    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.parts import Parts

REFRESH_S: Final = 1.0
EVENTS_EVERY: Final = 3
"""Refreshes from one look at the events to the next."""
EVENTS_SHOWN: Final = 12


class CameraPage:
    """The page of one camera."""

    def __init__(self, parts: Parts, here: Here, camera: str) -> None:
        self._parts = parts
        self._here = here
        self._camera = camera
        self._refreshes = 0
        self._screen: Screen
        self._figures: ui.html
        self._events: Rows
        self._said: ui.html

    async def build(self, layout: Layout) -> None:
        """Make the page as things are now; it follows what happens from then on."""
        here, camera = self._here, self._camera
        title = self._parts.title(camera)
        with layout.page(here, title, "/", "single"):
            with box("div", "head"):
                show(
                    h("a", icon("back"), h("span", "All cameras", class_="unseen"), href=here.at("/")),
                    "p",
                    "back",
                )
                show(h("span", title), "h1")
                self._figures = show(EMPTY, "div", "figures")
                if here.visitor.may_change:
                    show(self._ways(), "div", "change")
            with box("div", "sides"):
                with box("div", "screen"):
                    self._screen = Screen(here)
                with box("aside", "latest", aria_label="Latest events"):
                    all_of_it = h("a", "All", icon("next"), href=here.at(f"/events?camera={camera}"))
                    show(join((h("h2", "Latest events"), all_of_it)), "div", "title")
                    self._events = Rows(box("div", "rows"))
                    self._said = show(EMPTY, "p", "quiet", role="status")
            await self._refresh()
        ui.timer(REFRESH_S, self._refresh)

    def _ways(self) -> Markup:
        at = self._here.at(f"/cameras/{self._camera}")
        scene = h("a", "Zones, lines, masks", href=f"{at}/scene", class_="button")
        if self._parts.settings is None:
            return scene
        return join((scene, h("a", "Settings", href=f"{at}/settings", class_="button")))

    async def _refresh(self) -> None:
        if self._camera not in self._parts.cameras:
            ui.navigate.to("/")
            return
        reading = self._parts.readings.snapshot(self._camera)
        title = self._parts.title(self._camera)
        is_live = reading.state == "live"
        self._screen.tell(reading, EMPTY if is_live else captioned(reading, self._here, title))
        self._figures.content = str(figures(reading))
        if self._refreshes % EVENTS_EVERY == 0:
            await self._show_events()
        self._refreshes += 1

    async def _show_events(self) -> None:
        try:
            page = await self._parts.archive.choose(EventQuery(self._camera, limit=EVENTS_SHOWN))
        except SinkUnavailable as error:
            self._said.content = str(escape(str(error)))
            return
        self._events.show([card(event, self._here) for event in page.items])
        self._said.content = "" if page.items else "Nothing was seen here yet."


def figures(camera: CameraStatistics) -> Markup:
    """How the camera does, in a line."""
    wrong = words.trouble(camera)
    state = h("span", h("i", class_=f"dot {camera.state}"), wrong or words.state(camera), class_="state")
    if camera.state != "live":
        return state
    shown = [f"{camera.fps_in:.0f} pictures/s", f"{camera.fps_detected:.1f} detections/s"]
    if camera.latency_p50_s is not None:
        shown.append(f"{1000 * camera.latency_p50_s:.0f} ms")
    shown.append(words.count(camera.viewers, "viewer"))
    return join((state, *(h("span", each) for each in shown)))
