"""What is told of a part of a camera's picture, as a versioned record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field

from streamer.messages.record import CONFIDENCE_DIGITS, Confidence, Record, Timestamp

if TYPE_CHECKING:
    from streamer.event import AttributeEvent

ATTRIBUTES_SCHEMA: Final = "sightline.attributes/1"


class AttributeRecord(Record):
    """A part of a camera's picture became something else, such as a gate that opens."""

    schema_: Literal["sightline.attributes/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, of this record alone")
    camera: str
    attribute: str = Field(description="name of the part")
    value: str = Field(description="what it is from now on")
    before: str | None = Field(description="what it was; null where nothing was told yet")
    confidence: Confidence = Field(description="of the look that made it sure")
    since: Timestamp = Field(description="when it was first seen so, not when it was told")

    @classmethod
    def of(cls, event: AttributeEvent) -> Self:
        return cls(
            schema=ATTRIBUTES_SCHEMA,
            id=event.id,
            camera=event.camera,
            attribute=event.attribute,
            value=event.value,
            before=event.before,
            confidence=round(event.confidence, CONFIDENCE_DIGITS),
            since=event.since,
        )
