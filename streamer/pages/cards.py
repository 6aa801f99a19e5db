"""An event as a card: its picture, what it is, where and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup, escape

from streamer.pages import words
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, h, join
from streamer.pages.rows import Row
from streamer.storage.labels import NOTHING

if TYPE_CHECKING:
    from datetime import date

    from streamer.pages.here import Here
    from streamer.storage.records import StoredEvent


def rows(
    events: Iterable[StoredEvent], here: Here, title: Callable[[str], str], after: date | None = None
) -> list[Row]:
    """Cards by day.

    Args:
        events: newest first.
        here: who looks.
        title: what people call a camera.
        after: the day of the card before them, whose heading stands there already.
    """
    now = here.now()
    found: list[Row] = []
    for event in events:
        began = here.local(event.started_at)
        if began.date() != after:
            after = began.date()
            found.append(Row(str(after), escape(words.day(began, now)), "h2", "day"))
        found.append(card(event, here, title(event.camera)))
    return found


def card(event: StoredEvent, here: Here, where: str = "") -> Row:
    """One event, and where it was, as far as that is not clear; it leads to all that is known of it."""
    began = here.local(event.started_at)
    about = join(
        (
            h("b", name(event)),
            h("time", f"{began:%H:%M:%S}", datetime=event.started_at.isoformat()),
            h("span", where, class_="where") if where else EMPTY,
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
    address = here.at(f"/api/events/{quote(event.id)}/{kind}.jpg")
    width, height = event.size if event.size is not None and kind == "snapshot" else (None, None)
    shown = h(
        "img",
        src=address,
        alt=f"{name(event)} at {event.camera}",
        width=width,
        height=height,
        loading="lazy" if kind == "crop" else None,
        decoding="async",
        data_picture=True,
    )
    # What a narrow picture leaves free is filled with itself, out of focus.
    behind = f"--picture: url({address})" if kind == "crop" else None
    return h("div", shown, *over, missing, class_="frame", data_frame="waiting", style=behind)


def name(event: StoredEvent) -> str:
    """What the object is: what a person says, or the classifier, or else the detector."""
    if event.human_label == NOTHING:
        return "False alarm"
    said = event.human_label or event.sub_label or event.label
    return said[:1].upper() + said[1:]


def lasted(event: StoredEvent) -> str:
    """For how long it was there."""
    if event.ended_at is None:
        return "Parked" if event.stationary else "In view"
    return words.span(event.ended_at - event.started_at)
