"""The live picture of one camera, or words in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamer.pages import words
from streamer.pages.draft import sentence
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Attribute, box, h, join, show

if TYPE_CHECKING:
    from markupsafe import Markup
    from nicegui.element import Element

    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.here import Here


class Screen:
    """Plays a camera while it is live: where no pictures come, nobody asks for them."""

    def __init__(self, here: Here, **attributes: Attribute) -> None:
        """
        Args:
            here: who looks.
            attributes: of the player.
        """
        self._here = here
        self._attributes = attributes
        self._video = box("div", "video")
        self._over = show(EMPTY, "div", "over")

    def tell(self, camera: CameraStatistics, over: Markup) -> None:
        """Show how the camera does; ``over`` lies over its picture."""
        live = camera.state == "live"
        if live and not list(self._video):
            with self._video:
                player(camera.camera, self._here, **self._attributes)
        elif not live:
            self._video.clear()
        self._over.content = str(over)


def player(camera: str, here: Here, **attributes: Attribute) -> Element:
    """Plays a camera."""
    return box("sightline-player", "", camera=camera, server=here.at("/"), **attributes)


def captioned(camera: CameraStatistics, here: Here, title: str) -> Markup:
    """What lies over a picture: what the camera is called, and what is wrong."""
    caption = join(
        (
            h("i", class_=f"dot {camera.state}"),
            h("b", title),
            h("span", words.state(camera), class_="unseen"),
            h("span", _seen(camera), class_="seen"),
        )
    )
    return join((trouble(camera, here), h("div", caption, class_="caption")))


def trouble(camera: CameraStatistics, here: Here) -> Markup:
    """Why no pictures come; nothing where they do."""
    if camera.state == "live":
        return EMPTY
    when = words.since(camera.since, here) if camera.since and camera.state != "connecting" else ""
    title = f"{words.state(camera)} {when}".strip()
    symbol = icon("live" if camera.state == "connecting" else "down")
    why = h("span", sentence(camera.reason) if camera.reason else "")
    return h("div", symbol, h("strong", title), why, class_=f"trouble {camera.state}")


def _seen(camera: CameraStatistics) -> str:
    wrong = words.trouble(camera)
    if wrong is not None:
        return wrong
    return f"{camera.objects} in view" if camera.state == "live" and camera.objects else ""
