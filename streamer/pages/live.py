"""Every camera live, in a grid that fills the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from nicegui import ui

from streamer.pages import words
from streamer.pages.adding import AddDialog
from streamer.pages.grid import rules
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.pages.screen import Screen, captioned

if TYPE_CHECKING:
    from nicegui.element import Element

    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.parts import Parts

REFRESH_S: Final = 1.0
SIMULATED: Final = "This street is simulated."
NO_CAMERA: Final = "There is no camera yet."
COMMAND: Final = "sightline run --source rtsp://192.168.1.20/stream1"


class Tile:
    """One camera of the grid: its video, its name, and what is wrong."""

    def __init__(self, camera: str, here: Here) -> None:
        self._here = here
        with box("a", "tile", href=here.at(f"/cameras/{camera}")) as self.element:
            self._screen = Screen(here, stream="sub", bare=True)

    def tell(self, camera: CameraStatistics, title: str) -> None:
        """Show how the camera does."""
        self._screen.tell(camera, captioned(camera, self._here, title))


class LivePage:
    """The grid of one who looks."""

    def __init__(self, parts: Parts, here: Here) -> None:
        self._parts = parts
        self._here = here
        self._tiles: dict[str, Tile] = {}
        self._grid: Element
        self._rules: ui.html
        self._summary: ui.html
        self._first_run: Element
        self._hint: ui.html
        self._more: Element | None = None

    def build(self, layout: Layout) -> None:
        """Make the page as it is now; it follows what happens from then on."""
        with layout.page(self._here, "Live", "/", "live") as aside:
            with aside:
                self._summary = show(EMPTY, "p", "summary", role="status")
            self._rules = show(EMPTY, "style")
            with box("div", "stage"):
                self._grid = box("div", "tiles")
            self._first_run = box("aside", "first-run")
            self._invite(aside)
            self.refresh()
        ui.timer(REFRESH_S, self.refresh)

    def refresh(self) -> None:
        """Show the cameras that are there now, and how they do."""
        here, parts = self._here, self._parts
        names = [name for name in parts.cameras if here.visitor.may_see(name)]
        self._match(names)
        readings = [parts.readings.snapshot(name) for name in names]
        for camera in readings:
            self._tiles[camera.camera].tell(camera, parts.title(camera.camera))
        self._summary.content = str(_summary(readings))
        is_first_run = all(map(parts.simulated, names))
        self._first_run.set_visibility(here.visitor.may_change and is_first_run)
        if self._more is not None:
            self._more.set_visibility(not is_first_run)
            self._hint.content = str(escape(SIMULATED if names else NO_CAMERA))

    def _match(self, names: list[str]) -> None:
        gone = [name for name in self._tiles if name not in names]
        for name in gone:
            self._tiles.pop(name).element.delete()
        for name in names:
            if name not in self._tiles:
                with self._grid:
                    self._tiles[name] = Tile(name, self._here)
        self._rules.content = rules(len(names))

    def _invite(self, aside: Element) -> None:
        """To add a camera: below the picture while there is none of a person's own, else at the top."""
        parts, desk = self._parts, self._parts.desk
        if desk is None:
            with self._first_run:
                show(join(("This street is simulated. For a camera of your own: ", h("code", COMMAND))), "p")
            return
        if not self._here.visitor.may_change:
            return
        dialog = AddDialog(desk, parts.probe, parts.cameras, self._here.device)
        with self._first_run:
            self._hint = show(EMPTY, "p")
            Text("button", "Add a camera", "button primary", type="button").on("click", dialog.open)
        with aside:
            self._more = box("button", "button small", type="button", aria_label="Add a camera")
            self._more.on("click", dialog.open)
            with self._more:
                show(icon("plus"), "span")
                show(Markup("Add a camera"), "span", "word")


def _summary(cameras: list[CameraStatistics]) -> Markup:
    live = sum(camera.state == "live" for camera in cameras)
    if not cameras:
        return Markup("No cameras")
    if live == len(cameras):
        return Markup("{} live").format(words.count(live, "camera"))
    return Markup("{} of {} live").format(live, words.count(len(cameras), "camera"))
