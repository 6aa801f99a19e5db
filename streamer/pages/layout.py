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

    from streamer.pages.assets import Assets
    from streamer.pages.here import Here

PLACES: Final = (("Live", "/", "live"), ("Events", "/events", "events"), ("System", "/system", "system"))


class Layout:
    """The frame around a page."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    @contextmanager
    def page(
        self, here: Here, title: str, place: str, classes: str = "", aside: Markup = EMPTY
    ) -> Iterator[Element]:
        """A page whose content is made inside.

        Args:
            here: who looks, from where.
            title: of the window.
            place: the address of the part of the site that this is in.
            classes: of the main part.
            aside: stands at the right of the navigation.
        """
        ui.page_title(f"{title} · Sightline")
        ui.add_head_html(str(self._head(here)))
        show(_skip(here), "div", "skip")
        show(self._header(here, place, aside), "header", "top")
        with box("main", classes, id="main", tabindex="-1") as main:
            yield main

    def _head(self, here: Here) -> Markup:
        def at(name: str) -> str:
            return here.at(self._assets.address(name))

        return join(
            (
                h("link", rel="stylesheet", href=at("pages.css")),
                h("script", src=at("pages.js"), data_base=here.base),
                h("script", src=at("player.js"), defer=True),
                h("script", src=at("scene.js"), defer=True),
            )
        )

    def _header(self, here: Here, place: str, aside: Markup) -> Markup:
        links = (
            h(
                "a",
                icon(name),
                h("span", title),
                href=here.at(path),
                aria_current="page" if path == place else None,
            )
            for title, path, name in PLACES
        )
        home = h(
            "a",
            icon("mark"),
            h("span", "Sightline"),
            href=here.at("/"),
            class_="home",
            aria_label="Sightline, live",
        )
        theme = h(
            "button",
            icon("theme"),
            type="button",
            class_="plain",
            data_theme_switch=True,
            aria_label="Theme: system",
        )
        return join((home, h("nav", join(links), aria_label="Main"), h("div", aside, class_="aside"), theme))


def _skip(here: Here) -> Markup:
    return h("a", "Skip to the content", href="#main")
