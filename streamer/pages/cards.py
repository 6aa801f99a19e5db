"""An event as a card: its picture, what it is, where and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from streamer.pages import words
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, h, join
from streamer.pages.rows import Row

if TYPE_CHECKING:
    from datetime import date

    from streamer.pages.here import Here
    from streamer.storage.records import StoredEvent


def rows(events: Iterable[StoredEvent], here: Here, after: date | None = None) -> list[Row]:
    """Cards by day; ``after`` is the day of the card before them, whose heading stands there already."""
    now = here.now()
    found: list[Row] = []
    for event in events:
        began = here.local(event.started_at)
        if began.date() != after:
            after = began.date()
            found.append(Row(str(after), escape(words.day(began, now)), "h2", "day"))
        found.append(card(event, here))
    return found


def card(event: StoredEvent, here: Here, *, with_camera: bool = True) -> Row:
    """One event; it leads to all that is known of it."""
    began = here.local(event.started_at)
    about = join(
        (
            h("b", name(event)),
            h("time", f"{began:%H:%M:%S}", datetime=event.started_at.isoformat()),
            h("span", event.camera, class_="where") if with_camera else EMPTY,
            h("span", lasted(event), class_="lasted" if event.ended_at else "lasted now"),
            h("span", ", ".join(event.zones), class_="zones") if event.zones else EMPTY,
        )
    )
    content = join((picture(event, here, "crop"), h("div", about, class_="about")))
    return Row(event.id, content, href=here.at(f"/events/{event.id}"))


def picture(event: StoredEvent, here: Here, kind: str, *over: Markup) -> Markup:
    """The picture of an event, or words in its place.

    Args:
        event: what it is of.
        here: who looks.
        kind: ``crop`` or ``snapshot``.
        over: what lies over the picture.
    """
    missing = h("div", icon("none"), h("span", "No picture"), class_="missing")
    if event.snapshot is None:
        return h("div", missing, class_="frame", data_frame="missing")
    shown = h(
        "img",
        src=here.at(f"/api/events/{event.id}/{kind}.jpg"),
        alt=f"{name(event)} at {event.camera}",
        loading="lazy",
        decoding="async",
        data_picture=True,
    )
    return h("div", shown, *over, missing, class_="frame", data_frame="waiting")


def name(event: StoredEvent) -> str:
    """What the object is: what a person says, or the classifier, or else the detector."""
    said = event.human_label or event.sub_label or event.label
    return said[:1].upper() + said[1:]


def lasted(event: StoredEvent) -> str:
    """For how long it was there."""
    if event.ended_at is None:
        return "Parked" if event.stationary else "In view"
    return words.span(event.ended_at - event.started_at)
