"""The zones, lines and masks of a camera, drawn on its live picture."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final, TypeAlias

from markupsafe import escape

from streamer.pages.icons import icon
from streamer.pages.markup import box, h, show

if TYPE_CHECKING:
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout

Box: TypeAlias = tuple[float, float, float, float]
"""Two corners of a box, x1, y1, x2, y2, in shares of the picture."""

DIGITS: Final = 4
LEAST: Final = 10**-3
NO_BOX: Final = (
    "No mask was begun: expected mask=x1,y1,x2,y2 at the end of the address, the corners of a box in shares"
    " of the picture."
)


def build_scene(layout: Layout, here: Here, camera: str, title: str, mask: str | None) -> None:
    """The page.

    Args:
        layout: the frame around it.
        here: who looks.
        camera: whose scene it is.
        title: what it is called.
        mask: what the address says of a box over which a mask is begun.
    """
    begun = None if mask is None else box_of(mask)
    with layout.page(here, f"Scene of {title}", "/", "scene"):
        with box("div", "head"):
            back = h("a", icon("back"), h("span", title, class_="unseen"), href=here.at(f"/cameras/{camera}"))
            show(back, "p", "back")
            show(h("span", title), "h1")
            show(h("span", "Zones, lines and masks"), "div", "figures")
        if mask is not None and begun is None:
            show(escape(NO_BOX), "p", "notice", role="alert")
        begun_at = None if begun is None else mask_at(begun)
        box("sightline-scene", "", camera=camera, server=here.at("/"), mask=begun_at)


def mask_at(corners: Box) -> str:
    """A box as an address says it."""
    return ",".join(f"{share:.{DIGITS}f}" for share in corners)


def box_of(text: str) -> Box | None:
    """The part of a box that lies within the picture; None for what is no box, or is nowhere in it."""
    try:
        shares = [float(share) for share in text.split(",")]
        x1, y1, x2, y2 = (min(1.0, max(0.0, share)) for share in shares if isfinite(share))
    except ValueError:
        return None
    return (x1, y1, x2, y2) if x2 - x1 >= LEAST and y2 - y1 >= LEAST else None
