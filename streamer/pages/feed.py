"""Events as they are listed: those that are new come in at the top, older ones at the bottom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamer.storage.records import EventPage, StoredEvent

AT_ONCE: Final = 48
"""Events of one page of the archive."""
MOST_ON_TOP: Final = 3 * AT_ONCE
"""Events that are looked at anew each time; what is older stays as it was read."""


@dataclass(slots=True)
class Feed:
    """The newest events, which change, and where the older ones begin.

    Attributes:
        top: the newest events, newest first.
        cursor: of the page after all that was read; None at the end.
    """

    top: list[StoredEvent] = field(default_factory=list)
    cursor: str | None = None

    @classmethod
    def of(cls, page: EventPage) -> Feed:
        """A list that begins with this page."""
        return cls(list(page.items), page.next)

    def misses(self, newest: EventPage) -> bool:
        """Whether more happened than fits a page, so that the list has to begin anew."""
        known = {event.id for event in self.top}
        return newest.next is not None and not any(event.id in known for event in newest.items)

    def merge(self, newest: EventPage) -> list[StoredEvent]:
        """Take in the newest page; gives what is no longer on top, to be shown below it from now on."""
        oldest = _place(self.top[-1]) if self.top and (self.cursor or newest.next) else None
        union = {event.id: event for event in self.top}
        union |= {each.id: each for each in newest.items if oldest is None or _place(each) >= oldest}
        self.top = sorted(union.values(), key=_place, reverse=True)
        if len(self.top) <= MOST_ON_TOP:
            return []
        self.top, settled = self.top[:AT_ONCE], self.top[AT_ONCE:]
        return settled


def _place(event: StoredEvent) -> tuple[datetime, str]:
    return event.started_at, event.id
