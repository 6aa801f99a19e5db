"""Every camera live, in a grid that fills the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from nicegui import ui

from streamer.pages import words
from streamer.pages.adding import AddDialog
from streamer.pages.grid import rules
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Attribute, Text, box, h, join, show

if TYPE_CHECKING:
    from nicegui.element import Element

    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.parts import Parts

REFRESH_S: Final = 1.0
COMMAND: Final = "sightline run --source rtsp://192.168.1.20/stream1"


class Tile:
    """One camera of the grid: its video, its name, and what is wrong."""

    def __init__(self, camera: str, here: Here) -> None:
        self._here = here
        with box("a", "tile", href=here.at(f"/cameras/{camera}")) as self.element:
            self._video = box("div", "video")
            self._caption = show(EMPTY, "div", "over")

    def tell(self, camera: CameraStatistics) -> None:
        """Show how the camera does; where no pictures come, nobody asks for them."""
        live = camera.state == "live"
        if live and not list(self._video):
            with self._video:
                player(camera.camera, self._here, stream="sub", bare=True)
        elif not live:
            self._video.clear()
        self._caption.content = str(over(camera, self._here))


def player(camera: str, here: Here, **attributes: Attribute) -> Element:
    """Plays a camera."""
    return box("sightline-player", "", camera=camera, server=here.at("/"), **attributes)


def over(camera: CameraStatistics, here: Here) -> Markup:
    """What lies over the video of a camera."""
    caption = join(
        (
            h("i", class_=f"dot {camera.state}"),
            h("b", camera.camera),
            h("span", words.state(camera), class_="unseen"),
            h("span", _seen(camera), class_="seen"),
        )
    )
    return join((_trouble(camera, here), h("div", caption, class_="caption")))


def _seen(camera: CameraStatistics) -> str:
    wrong = words.trouble(camera)
    if wrong is not None:
        return wrong
    return f"{camera.objects} in view" if camera.state == "live" and camera.objects else ""


def _trouble(camera: CameraStatistics, here: Here) -> Markup:
    if camera.state == "live":
        return EMPTY
    when = words.since(camera.since, here) if camera.since and camera.state != "connecting" else ""
    title = f"{words.state(camera)} {when}".strip()
    symbol = icon("live" if camera.state == "connecting" else "down")
    return h(
        "div", symbol, h("strong", title), h("span", camera.reason or ""), class_=f"trouble {camera.state}"
    )


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

    def build(self, layout: Layout) -> None:
        """Make the page as it is now; it follows what happens from then on."""
        with layout.page(self._here, "Live", "/", "live"):
            self._summary = show(EMPTY, "p", "summary", role="status")
            self._rules = show(EMPTY, "style")
            with box("div", "stage"):
                self._grid = box("div", "tiles")
            self._first_run = box("aside", "first-run")
            with self._first_run:
                self._invite()
            self.refresh()
        ui.timer(REFRESH_S, self.refresh)

    def refresh(self) -> None:
        """Show the cameras that are there now, and how they do."""
        here, parts = self._here, self._parts
        names = [name for name in parts.cameras if here.visitor.may_see(name)]
        self._match(names)
        readings = [parts.readings.snapshot(name) for name in names]
        for camera in readings:
            self._tiles[camera.camera].tell(camera)
        self._summary.content = str(_summary(readings))
        self._first_run.set_visibility(here.visitor.may_change and all(map(parts.simulated, names)))

    def _match(self, names: list[str]) -> None:
        gone = [name for name in self._tiles if name not in names]
        for name in gone:
            self._tiles.pop(name).element.delete()
        for name in names:
            if name not in self._tiles:
                with self._grid:
                    self._tiles[name] = Tile(name, self._here)
        self._rules.content = rules(len(names))

    def _invite(self) -> None:
        if self._parts.desk is None:
            text = join(("This street is simulated. For a camera of your own: ", h("code", COMMAND)))
            show(text, "p")
            return
        show(Markup("This street is simulated."), "p")
        dialog = AddDialog(self._parts.desk, self._parts.probe)
        Text("button", "Add a camera", "button primary", type="button").on("click", dialog.open)


def _summary(cameras: list[CameraStatistics]) -> Markup:
    live = sum(camera.state == "live" for camera in cameras)
    if not cameras:
        return Markup("No cameras")
    if live == len(cameras):
        return Markup("{} live").format(words.count(live, "camera"))
    return Markup("{} of {} live").format(live, words.count(len(cameras), "camera"))
