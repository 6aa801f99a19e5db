"""The zones, lines and masks of a camera, drawn on its live picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamer.pages.icons import icon
from streamer.pages.markup import box, h, show

if TYPE_CHECKING:
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout


def build_scene(layout: Layout, here: Here, camera: str, mask: str | None) -> None:
    """The page.

    Args:
        layout: the frame around it.
        here: who looks.
        camera: whose scene it is.
        mask: a box, ``x1,y1,x2,y2`` in shares of the picture, over which a mask is begun.
    """
    with layout.page(here, f"Scene of {camera}", "/", "scene"):
        with box("div", "head"):
            back = h(
                "a", icon("back"), h("span", camera, class_="unseen"), href=here.at(f"/cameras/{camera}")
            )
            show(back, "p", "back")
            show(h("span", camera), "h1")
            show(h("span", "Zones, lines and masks"), "div", "figures")
        box("sightline-scene", "", camera=camera, server=here.at("/"), mask=mask)
