"""What every page has in common: where one can go, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from nicegui import ui

from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, box, h, join, show

if TYPE_CHECKING:
    from nicegui.element import Element

    from streamer.access.visitor import Visitor
    from streamer.pages.assets import Assets
    from streamer.pages.here import Here

PLACES: Final = (
    ("Live", "/", "live", False),
    ("Events", "/events", "events", False),
    ("Label", "/label", "label", True),
    ("Train", "/train", "train", True),
    ("Models", "/models", "models", True),
    ("System", "/system", "system", False),
)
"""Title, address and icon of the parts of the site, and whether only admins have anything to do there."""


class Layout:
    """The frame around a page."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    @contextmanager
    def page(self, here: Here, title: str, place: str, classes: str = "") -> Iterator[Element]:
        """A page whose content is made inside; what is given back is at the right of the navigation.

        Args:
            here: who looks, from where.
            title: of the window.
            place: the address of the part of the site that this is in.
            classes: of the main part.
        """
        ui.page_title(f"{title} · Sightline")
        ui.add_head_html(str(self._head(here)))
        show(_skip(here), "div", "skip")
        with box("header", "top"):
            show(self._ways(here, place), "div", "ways-to-go")
            aside = box("div", "aside")
            show(join((_who(here), _theme())), "div", "own")
        with box("main", classes, id="main", tabindex="-1"):
            yield aside

    def _head(self, here: Here) -> Markup:
        def at(name: str) -> str:
            return here.at(self._assets.address(name))

        return join(
            (
                h("link", rel="stylesheet", href=at("colours.css")),
                h("link", rel="stylesheet", href=at("pages.css")),
                h("script", src=at("pages.js"), data_base=here.base, data_offset=here.offset_min),
                h("script", src=at("player.js"), defer=True),
                h("script", src=at("scene.js"), defer=True),
                h("script", src=at("label.js"), defer=True),
            )
        )

    def _ways(self, here: Here, place: str) -> Markup:
        links = (
            h(
                "a",
                icon(name),
                h("span", title),
                href=here.at(path),
                aria_current="page" if path == place else None,
            )
            for title, path, name, changes in PLACES
            if here.visitor.may_change or not changes
        )
        home = h(
            "a",
            icon("mark"),
            h("span", "Sightline"),
            href=here.at("/"),
            class_="home",
            aria_label="Sightline, live",
        )
        return join((home, h("nav", join(links), aria_label="Main")))


def _theme() -> Markup:
    return h(
        "button",
        icon("theme"),
        type="button",
        class_="plain",
        data_theme_switch=True,
        aria_label="Theme: system",
    )


def _who(here: Here) -> Markup:
    """Who is signed in, what they may do, and the way out."""
    visitor = here.visitor
    if visitor.name is None:
        return EMPTY
    way_out = h("form", h("button", "Sign out", class_="button"), method="post", action=here.at("/logout"))
    return h(
        "details",
        h(
            "summary",
            icon("person"),
            h("span", visitor.name, class_="word"),
            class_="plain",
            aria_label=f"Signed in as {visitor.name}",
        ),
        h(
            "div",
            h("b", visitor.name),
            h("span", _may(visitor), class_="quiet"),
            way_out if here.has_session else EMPTY,
            class_="menu",
        ),
        class_="who",
        data_menu=True,
    )


def _may(visitor: Visitor) -> str:
    if visitor.may_change:
        return "Admin: may see and change everything"
    if visitor.cameras is None:
        return "Viewer: may look at everything"
    seen = ", ".join(sorted(visitor.cameras)) or "nothing"
    return f"Viewer: may look at {seen}"


def _skip(here: Here) -> Markup:
    return h("a", "Skip to the content", href="#main")
