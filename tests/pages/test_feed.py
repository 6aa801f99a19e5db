"""A list of events that follows the archive holds what a fresh look at it would show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streamer.pages.feed import AT_ONCE, Feed
from streamer.storage.records import EventPage, StoredEvent

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)


def event(number: int, began_s: float) -> StoredEvent:
    began = MORNING + timedelta(seconds=began_s)
    return StoredEvent(
        id=f"e{number:06d}",
        camera="gate",
        label="person",
        sub_label=None,
        human_label=None,
        track=number,
        confidence=0.9,
        box=(0, 0, 1, 1),
        zones=(),
        rules=(),
        attributes={},
        stationary=False,
        started_at=began,
        ended_at=None,
        snapshot=None,
        bytes=0,
    )


def page(events: list[StoredEvent]) -> EventPage:
    newest = sorted(events, key=lambda each: (each.started_at, each.id), reverse=True)
    more = len(newest) > AT_ONCE
    return EventPage(tuple(newest[:AT_ONCE]), "more" if more else None)


@given(bursts=st.lists(st.integers(0, 2 * AT_ONCE), max_size=12), late=st.floats(0, 3))
def test_what_is_shown_is_what_there_is(bursts: list[int], late: float) -> None:
    kept = [event(number, number) for number in range(10)]
    feed, below = Feed.of(page(kept)), list[StoredEvent]()
    for burst in bursts:
        for _ in range(burst):
            number = len(kept)
            # Some are known only after others that began later.
            kept.append(event(number, number - (late if number % 3 == 0 else 0)))
        newest = page(kept)
        if feed.misses(newest):
            feed, below = Feed.of(newest), []
        else:
            below = [*feed.merge(newest), *below]
    shown = [each.id for each in (*feed.top, *below)]
    assert len(shown) == len(set(shown))
    expected = sorted(kept, key=lambda each: (each.started_at, each.id), reverse=True)
    assert shown[:AT_ONCE] == [each.id for each in expected[:AT_ONCE]]
