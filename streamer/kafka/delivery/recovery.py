"""Ends of events that a killed process could not tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from streamer.messages.events import EventRecord

if TYPE_CHECKING:
    from streamer.kafka.delivery.spoolfile import OpenEvent
    from streamer.kafka.format.cloudevents import Envelopes
    from streamer.kafka.message import Message


def missing_ends(
    unended: Iterable[OpenEvent],
    going_on: Collection[str],
    ended_at: Mapping[str, datetime],
    envelopes: Envelopes,
) -> list[Message]:
    """The end of every event that was told of, and that does not go on.

    Args:
        unended: events whose ends were not told.
        going_on: ids of those whose objects are parked.
        ended_at: UTC, when the store has an event end; else it ends where it was last told.
        envelopes: make the messages.
    """
    ends = []
    for each in unended:
        if each.event in going_on:
            continue
        at = ended_at.get(each.event, each.seen_at)
        record = EventRecord.model_validate_json(each.value)
        ended = record.model_copy(update={"phase": "end", "ended_at": max(at, record.started_at)})
        ends.append(envelopes.ended(each.event, each.camera, ended.encoded(), at))
    return ends
