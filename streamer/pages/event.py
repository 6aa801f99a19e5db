"""All that is known of one event."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from nicegui import ui

from streamer.pages import words
from streamer.pages.cards import lasted, name, picture
from streamer.pages.fields import Field
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.pages.rulings import sentence
from streamer.pages.scene import mask_at
from streamer.storage.labels import NOTHING, require_label

if TYPE_CHECKING:
    from streamer.pages.desks import EventDesk
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.parts import Parts
    from streamer.storage.records import StoredEvent

REFRESH_S: Final = 2.0


class EventPage:
    """One event; while it goes on, so does the page."""

    def __init__(self, parts: Parts, here: Here, event: StoredEvent) -> None:
        self._parts = parts
        self._here = here
        self._event = event
        self._title = parts.title(event.camera)
        self._picture: ui.html
        self._facts: ui.html
        self._place: ui.html | None = None
        self._said: ui.html

    def build(self, layout: Layout) -> None:
        """Make the page."""
        event, here = self._event, self._here
        with layout.page(here, f"{name(event)} at {self._title}", "/events", "event"):
            show(h("a", icon("back"), "Events", href=here.at("/events")), "p", "back")
            with box("div", "sides"):
                self._picture = show(EMPTY, "section", "seen-as", aria_label="Picture")
                with box("section", "facts", aria_label="What is known"):
                    self._facts = show(EMPTY)
                    if self._parts.marks is not None and here.visitor.may_change:
                        self._buttons(self._parts.marks)
            self._draw()
        ui.timer(REFRESH_S, self._refresh)

    async def _refresh(self) -> None:
        found = await self._parts.archive.find(self._event.id)
        if found is not None and found != self._event:
            self._event = found
            self._draw()

    def _draw(self) -> None:
        self._picture.content = str(picture(self._event, self._here, "snapshot", outline(self._event)))
        self._facts.content = str(facts(self._event, self._here, self._title))
        if self._place is not None:
            self._place.content = str(self._way_to_mask())

    def _way_to_mask(self) -> Markup:
        """To where the place is drawn on the live picture, before anything is masked."""
        shares, camera = in_shares(self._event), self._event.camera
        if shares is None or camera not in self._parts.cameras:
            return EMPTY
        address = self._here.at(f"/cameras/{camera}/scene?mask={mask_at(shares)}")
        return h("a", "Mask this place", href=address, class_="button")

    def _buttons(self, marks: EventDesk) -> None:
        before = self._event.human_label
        with box("form", "marks", method="dialog") as form:
            said = Field("event-label", "What is it really?")
            said.fill("" if before in (None, NOTHING) else before)
            Text("button", "Label", "button primary", type="submit")
            nothing = Text("button", "False alarm", "button", type="button", data_key="x", title="Key X")
            self._place = show(EMPTY)
        self._said = show(EMPTY, "p", "said", role="status")

        async def label(text: str) -> None:
            try:
                kept = bool(text) and await marks.label(self._event.id, require_label(text))
            except ValueError as error:
                self._tell(f"Not kept: {error}")
                return
            if kept:
                said.fill("" if text == NOTHING else text)
                await self._refresh()
                self._tell("Kept: this picture is never deleted.")

        form.on("submit.prevent", lambda: label(str(said.value).strip()))
        nothing.on("click", lambda: label(NOTHING))

    def _tell(self, text: str) -> None:
        self._said.content = str(escape(text))


def facts(event: StoredEvent, here: Here, where: str) -> Markup:
    """What, where and when; how it went; why it became an event."""
    began = here.local(event.started_at)
    title = h("h1", name(event))
    camera = h("a", where, href=here.at(f"/cameras/{event.camera}"))
    when = f"{words.day(began, here.now())}, {began:%H:%M:%S}"
    lines = [h("div", h("dt", title), h("dd", value)) for title, value in _table(event, camera, when)]
    rules = [h("li", icon("good"), sentence(rule)) for rule in event.rules]
    why = join((h("h2", "Why it is an event"), h("ul", *rules, class_="rules"))) if rules else EMPTY
    return join((title, h("dl", *lines), h("h2", "How it went"), timeline(event, here), why))


def _table(event: StoredEvent, camera: Markup, when: str) -> list[tuple[str, Markup | str]]:
    table: list[tuple[str, Markup | str]] = [("Camera", camera), ("Began", when), ("Lasted", lasted(event))]
    table.append(("Best seen with", f"{event.confidence:.0%}"))
    if event.human_label is not None:
        table.append(("The detector says", event.label))
    table += [(title.replace("_", " ").capitalize(), value) for title, value in event.attributes.items()]
    return table


def timeline(event: StoredEvent, here: Here) -> Markup:
    """Began, zones in their order, ended."""
    began = here.local(event.started_at)
    steps = [h("li", h("time", f"{began:%H:%M:%S}"), h("span", "Seen for the first time"))]
    steps += [h("li", h("time", "then"), h("span", f"Entered {zone}")) for zone in event.zones]
    if event.snapshot is not None:
        steps.append(h("li", h("time", "best"), h("span", "Its picture was kept")))
    if event.ended_at is None:
        still = "Stands there still" if event.stationary else "Is in view"
        steps.append(h("li", h("time", "now"), h("span", still), class_="now"))
    else:
        length = words.span(max(event.ended_at - event.started_at, timedelta()))
        ended = here.local(event.ended_at)
        steps.append(
            h("li", h("time", f"{ended:%H:%M:%S}"), h("span", f"Seen for the last time, after {length}"))
        )
    return h("ol", *steps, class_="timeline")


def outline(event: StoredEvent) -> Markup:
    """The box around the object, over the picture."""
    shares = in_shares(event)
    if shares is None:
        return EMPTY
    left, top, right, bottom = (f"{100 * share:.2f}%" for share in shares)
    style = f"left:{left};top:{top};right:calc(100% - {right});bottom:calc(100% - {bottom})"
    return h("span", class_="outline", style=style)


def in_shares(event: StoredEvent) -> tuple[float, float, float, float] | None:
    """The box in shares of the picture; None where its size was not kept."""
    if event.size is None:
        return None
    width, height = event.size
    x1, y1, x2, y2 = event.box
    return x1 / width, y1 / height, x2 / width, y2 / height


def unknown(layout: Layout, here: Here, what: str, back: str, back_title: str) -> None:
    """The page of something that is not there."""
    ui.context.client.status_code = 404
    with layout.page(here, "Not found", back, "event"):
        show(h("span", what), "h1")
        show(h("a", icon("back"), back_title, href=here.at(back)), "p", "back")
