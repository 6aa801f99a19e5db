"""What was seen, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from anyio import Lock
from markupsafe import escape
from nicegui import ui

from streamer.errors import SinkUnavailable
from streamer.metrics.order import as_counted
from streamer.pages.cards import rows
from streamer.pages.choice import Choice
from streamer.pages.feed import AT_ONCE, Feed
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.pages.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from markupsafe import Markup
    from nicegui.element import Element
    from nicegui.events import GenericEventArguments

    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.parts import Parts
    from streamer.storage.records import Choices, StoredEvent

REFRESH_S: Final = 2.0
CHANGED: Final = "(e) => emit(e.target.value)"


class EventsPage:
    """The list of one who looks."""

    def __init__(self, parts: Parts, here: Here, choice: Choice) -> None:
        self._parts = parts
        self._here = here
        self._choice = choice
        self._feed = Feed()
        self._last: date | None = None
        self._one_at_a_time = Lock()
        self._list: Element
        self._top: Rows
        self._said: ui.html
        self._clear: Element
        self._more: Element

    async def build(self, layout: Layout) -> None:
        """Make the page with the newest events; those to come appear by themselves."""
        choices = await self._parts.archive.choices()
        with layout.page(self._here, "Events", "/events", "events"):
            with box("div", "head"):
                show(h("span", "Events"), "h1")
                self._filters(choices)
            self._list = box("div", "cards")
            self._said = show(EMPTY, "p", "nothing", role="status")
            self._more = Text("button", "Show older events", "button more", type="button", data_more=True)
            self._more.on("click", self._go_on)
            await self._begin()
        ui.timer(REFRESH_S, self._refresh)

    def _filters(self, choices: Choices) -> None:
        here = self._here
        cameras = sorted({*choices.cameras, *self._parts.cameras}, key=as_counted)
        with box("div", "filters", role="group", aria_label="Which events"):
            seen = [name for name in cameras if here.visitor.may_see(name)]
            self._select("camera", "Camera", seen, self._parts.title)
            self._select("label", "Object", choices.labels)
            self._select("zone", "Zone", choices.zones)
            with box("label", "choice"):
                show(h("span", "Day"), "span", "unseen")
                day = box("input", type="date", value=self._choice.day or "", aria_label="Day")
                day.on("change", lambda event: self._choose("day", event), js_handler=CHANGED)
            self._clear = Text("button", "Show all", "button", type="button")
            self._clear.on("click", self._open_up)

    def _select(
        self, name: str, title: str, values: Sequence[str], called: Callable[[str], str] = str
    ) -> None:
        chosen: str | None = getattr(self._choice, name)
        every = [*values, *([chosen] if chosen and chosen not in values else [])]
        options = [h("option", f"{title}: all", value=""), *(
            h("option", called(value), value=value, selected=value == chosen) for value in every
        )]  # fmt: skip
        with box("label", "choice"):
            show(h("span", title), "span", "unseen")
            select = show(join(options), "select", "", name=name, aria_label=title)
            select.on("change", lambda event: self._choose(name, event), js_handler=CHANGED)

    async def _choose(self, name: str, event: GenericEventArguments) -> None:
        asked = {"camera": self._choice.camera, "label": self._choice.label, "zone": self._choice.zone}
        said = {**asked, "day": self._choice.day, name: str(event.args)}
        self._choice = Choice.of({key: value for key, value in said.items() if value})
        address = self._choice.address(self._here)
        ui.run_javascript(f"history.replaceState(history.state, '', {address!r})")
        async with self._one_at_a_time:
            await self._begin()

    def _open_up(self) -> None:
        ui.navigate.to(Choice().address(replace(self._here, base="")))

    async def _begin(self) -> None:
        page = await self._parts.archive.choose(self._choice.query(self._here, AT_ONCE))
        self._feed = Feed.of(page)
        self._list.clear()
        with self._list:
            self._top = Rows(box("div", "chunk"))
        self._last = self._day(self._feed.top)
        self._draw_top()

    async def _refresh(self) -> None:
        if self._one_at_a_time.statistics().locked:
            return
        async with self._one_at_a_time:
            try:
                newest = await self._parts.archive.choose(self._choice.query(self._here, AT_ONCE))
            except SinkUnavailable as error:
                self._said.content = str(escape(str(error)))
                return
            if self._feed.misses(newest):
                await self._begin()
                return
            settled = self._feed.merge(newest)
            if settled:
                with self._list:
                    chunk = show(self._cards(settled, self._day(self._feed.top)), "div", "chunk")
                chunk.move(self._list, 1)
            self._last = self._last or self._day(self._feed.top)
            self._draw_top()

    async def _go_on(self) -> None:
        if self._feed.cursor is None or self._one_at_a_time.statistics().locked:
            return
        async with self._one_at_a_time:
            query = self._choice.query(self._here, AT_ONCE)
            page = await self._parts.archive.choose(query, self._feed.cursor)
            with self._list:
                show(self._cards(page.items, self._last), "div", "chunk")
            self._feed.cursor = page.next
            self._last = self._day(page.items) or self._last
            self._more.set_visibility(page.next is not None)

    def _draw_top(self) -> None:
        self._top.show(rows(self._feed.top, self._here, self._parts.title))
        nothing = "No events fit this." if not self._choice.is_open else "Nothing was seen yet."
        self._said.content = "" if self._feed.top else nothing
        self._more.set_visibility(self._feed.cursor is not None)
        self._clear.set_visibility(not self._choice.is_open)

    def _cards(self, events: Sequence[StoredEvent], after: date | None) -> Markup:
        return join(row.markup() for row in rows(events, self._here, self._parts.title, after))

    def _day(self, events: Sequence[StoredEvent]) -> date | None:
        return self._here.local(events[-1].started_at).date() if events else None
