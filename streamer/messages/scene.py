"""What is told of zones and lines, as versioned records."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field

from streamer.event import Direction, ZoneChange
from streamer.messages.record import Record, Timestamp, absent
from streamer.messages.rulings import RulingRecord

if TYPE_CHECKING:
    from streamer.event import Counts, LineCrossing, ZoneEvent

ZONES_SCHEMA: Final = "sightline.zones/1"
CROSSINGS_SCHEMA: Final = "sightline.crossings/1"
COUNTS_SCHEMA: Final = "sightline.counts/1"

SECONDS_DIGITS: Final = 3


class ZoneRecord(Record):
    """An object entered a zone, loiters in it, or left it."""

    schema_: Literal["sightline.zones/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, of this record alone")
    camera: str
    zone: str
    change: ZoneChange
    label: str
    track: Annotated[int, Field(ge=0)]
    event: str | None = Field(description="id of the object's event; null where it is none (yet)")
    at: Timestamp = Field(description="capture time of the frame since which it is so")
    seconds: float = Field(ge=0, description="inside during this stay so far")
    rules: tuple[RulingRecord, ...] | None = Field(
        default=None,
        exclude_if=absent,
        description="what of the zone let it in, when it entered; absent where the zone asks nothing",
    )

    @classmethod
    def of(cls, event: ZoneEvent) -> Self:
        return cls(
            schema=ZONES_SCHEMA,
            id=event.id,
            camera=event.camera,
            zone=event.zone,
            change=event.change,
            label=event.label,
            track=event.track,
            event=event.event,
            at=event.at,
            seconds=round(event.seconds, SECONDS_DIGITS),
            rules=tuple(map(RulingRecord.of, event.rules)) or None,
        )


class CrossingRecord(Record):
    """An object crossed a line."""

    schema_: Literal["sightline.crossings/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, of this record alone")
    camera: str
    line_: str = Field(alias="line")
    direction: Direction = Field(description="in: from the left of the line's arrow to its right")
    label: str
    track: Annotated[int, Field(ge=0)]
    event: str | None = Field(description="id of the object's event; null where it is none (yet)")
    at: Timestamp = Field(description="capture time of the first frame on the other side")

    @classmethod
    def of(cls, crossing: LineCrossing) -> Self:
        return cls(
            schema=CROSSINGS_SCHEMA,
            id=crossing.id,
            camera=crossing.camera,
            line=crossing.line,
            direction=crossing.direction,
            label=crossing.label,
            track=crossing.track,
            event=crossing.event,
            at=crossing.at,
        )


class ZoneTotalRecord(Record):
    """One zone and label within an interval."""

    zone: str
    label: str
    entered: int = Field(ge=0)
    left: int = Field(ge=0)
    occupancy: int = Field(ge=0, description="objects inside at the end of the interval")
    seconds: float = Field(ge=0, description="inside within the interval, summed over objects")


class LineTotalRecord(Record):
    """One line and label within an interval."""

    line_: str = Field(alias="line")
    label: str
    crossed_in: int = Field(ge=0)
    crossed_out: int = Field(ge=0)


class CountsRecord(Record):
    """The totals of a camera over an interval; what is zero throughout is left out."""

    schema_: Literal["sightline.counts/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, of this record alone")
    camera: str
    since: Timestamp
    until: Timestamp
    zones: tuple[ZoneTotalRecord, ...]
    lines: tuple[LineTotalRecord, ...]

    @classmethod
    def of(cls, counts: Counts) -> Self:
        zones = (replace(each, seconds=round(each.seconds, SECONDS_DIGITS)) for each in counts.zones)
        return cls(
            schema=COUNTS_SCHEMA,
            id=counts.id,
            camera=counts.camera,
            since=counts.since,
            until=counts.until,
            zones=tuple(ZoneTotalRecord(**asdict(each)) for each in zones),
            lines=tuple(LineTotalRecord(**asdict(each)) for each in counts.lines),
        )
