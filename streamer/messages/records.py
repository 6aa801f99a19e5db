"""Which record tells what, and the schemas of all records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamer.errors import MessageRejected
from streamer.event import AttributeEvent, CameraEvent, Counts, Event, LineCrossing, ZoneEvent
from streamer.messages.attributes import ATTRIBUTES_SCHEMA, AttributeRecord
from streamer.messages.cameras import CAMERAS_SCHEMA, CameraRecord
from streamer.messages.detections import DETECTIONS_SCHEMA, DetectionRecord
from streamer.messages.events import EVENTS_SCHEMA, EventRecord
from streamer.messages.scene import (
    COUNTS_SCHEMA,
    CROSSINGS_SCHEMA,
    ZONES_SCHEMA,
    CountsRecord,
    CrossingRecord,
    ZoneRecord,
)

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.messages.record import Record


def record_of(happening: Happening, size: tuple[int, int] | None) -> Record:
    """The record of what happened at a camera whose pictures are of that size, if any came yet.

    Raises:
        MessageRejected: it cannot be told.
    """
    match happening:
        case Event() if size is not None:
            return EventRecord.of(happening, width=size[0], height=size[1])
        case ZoneEvent():
            return ZoneRecord.of(happening)
        case LineCrossing():
            return CrossingRecord.of(happening)
        case Counts():
            return CountsRecord.of(happening)
        case CameraEvent():
            return CameraRecord.of(happening)
        case AttributeEvent():
            return AttributeRecord.of(happening)
        case _:
            raise MessageRejected(f"expected something that has a record, received {happening!r}")


def schemas() -> dict[str, Any]:
    """JSON Schema of every record by the value of its ``schema``, as it is on the wire."""
    return {
        DETECTIONS_SCHEMA: DetectionRecord.model_json_schema(mode="serialization"),
        EVENTS_SCHEMA: EventRecord.model_json_schema(mode="serialization"),
        ZONES_SCHEMA: ZoneRecord.model_json_schema(mode="serialization"),
        CROSSINGS_SCHEMA: CrossingRecord.model_json_schema(mode="serialization"),
        COUNTS_SCHEMA: CountsRecord.model_json_schema(mode="serialization"),
        CAMERAS_SCHEMA: CameraRecord.model_json_schema(mode="serialization"),
        ATTRIBUTES_SCHEMA: AttributeRecord.model_json_schema(mode="serialization"),
    }
