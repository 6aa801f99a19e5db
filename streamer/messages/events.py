"""What is told of an object's event, as a versioned record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, ValidationError

from streamer.messages.record import (
    CONFIDENCE_DIGITS,
    Box,
    Confidence,
    Record,
    Timestamp,
    absent,
    rejection,
    rounded_box,
)
from streamer.messages.rulings import RulingRecord

if TYPE_CHECKING:
    from streamer.event import Event

EVENTS_SCHEMA: Final = "sightline.events/1"


class EventRecord(Record):
    """An object's event at one of its phases: one start, updates, one end."""

    schema_: Literal["sightline.events/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, the same over all phases")
    camera: str
    phase: Literal["start", "update", "end"]
    label: str
    sub_label: str | None
    attributes: dict[str, str]
    track: Annotated[int, Field(ge=0)]
    confidence: Confidence = Field(description="best so far")
    box: Box
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    zones: tuple[str, ...]
    rules: tuple[RulingRecord, ...] = Field(description="what let it become an event")
    stationary: bool = Field(description="it does not move: in view, or remembered where it was")
    started_at: Timestamp
    ended_at: Timestamp | None
    snapshot: str | None = Field(description="path of the best picture below the data folder, without suffix")
    reason: str | None = Field(
        default=None, exclude_if=absent, description="why it ended; absent before, and where nobody knows"
    )

    @classmethod
    def of(cls, event: Event, *, width: int, height: int) -> Self:
        """The record of an event whose box lies in a picture of that size; MessageRejected as above."""
        try:
            return cls(
                schema=EVENTS_SCHEMA,
                id=event.id,
                camera=event.camera,
                phase=event.phase,
                label=event.label,
                sub_label=event.sub_label,
                attributes=dict(event.attributes),
                track=event.track,
                confidence=round(float(event.confidence), CONFIDENCE_DIGITS),
                box=rounded_box(event.box),
                width=width,
                height=height,
                zones=event.zones,
                rules=tuple(map(RulingRecord.of, event.rules)),
                stationary=event.stationary,
                started_at=event.started_at,
                ended_at=event.ended_at,
                snapshot=event.snapshot,
                reason=event.reason,
            )
        except ValidationError as error:
            raise rejection(event.camera, error) from error
