"""Every kind of message that is on the topics: what it is, what is in it, an example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from streamer.kafka.format import examples
from streamer.kafka.format.cloudevents import (
    ATTRIBUTE_TYPE,
    CAMERA_TYPE,
    COUNTS_TYPE,
    CROSSING_TYPE,
    DETECTIONS_TYPE,
    FRAME_TYPE,
    JPEG,
    JSON,
    OBJECT_TYPE,
    RESULT_HEADER,
    ZONE_TYPES,
)
from streamer.kafka.format.deepstream import DeepStreamRecord
from streamer.kafka.format.examples import Example
from streamer.messages.attributes import AttributeRecord
from streamer.messages.cameras import CameraRecord
from streamer.messages.detections import DetectionRecord
from streamer.messages.events import EventRecord
from streamer.messages.record import Record
from streamer.messages.scene import CountsRecord, CrossingRecord, ZoneRecord

Json: TypeAlias = dict[str, Any]

RECORDS: Final[tuple[type[Record], ...]] = (
    DetectionRecord,
    DeepStreamRecord,
    EventRecord,
    ZoneRecord,
    CrossingRecord,
    CameraRecord,
    AttributeRecord,
    CountsRecord,
)
SCHEMA_PLACE: Final = "#/components/schemas/{model}"
"""Where a document has the schema of a record."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message.

    Attributes:
        type: its ``ce_type``.
        payload: JSON Schema of its value.
        examples: of it, real ones.
        content_type: media type of its value.
    """

    type: str
    title: str
    summary: str
    payload: Json
    examples: tuple[Example, ...]
    content_type: str = JSON


def kinds() -> dict[str, Kind]:
    """Every kind of message by its name in the document."""
    zones = {
        f"zone{change.title()}": Kind(
            type_,
            f"Zone {change}",
            summary,
            {"allOf": [reference(ZoneRecord), {"properties": {"change": {"const": change}}}]},
            (examples.told(change, example),),
        )
        for (change, type_), summary, example in zip(
            ZONE_TYPES.items(),
            (
                "An object entered a zone.",
                "An object is in a zone for longer than its `loiter`; once a stay.",
                "An object left a zone.",
            ),
            (examples.ENTERED, examples.LOITERING, examples.LEFT),
            strict=True,
        )
    }
    return {**_of_frames(), "object": _object(), **zones, **_others()}


def _of_frames() -> dict[str, Kind]:
    return {
        "detections": Kind(
            DETECTIONS_TYPE,
            "Detections",
            "What was found in one frame (`kafka.format: cloudevents`).",
            reference(DetectionRecord),
            (examples.found(),),
        ),
        "deepstream": Kind(
            DETECTIONS_TYPE,
            "Detections for DeepStream's readers",
            "What was found in one frame, in DeepStream's minimal schema (`kafka.format: deepstream`).",
            reference(DeepStreamRecord),
            (examples.found_for_deepstream(),),
        ),
        "frame": Kind(
            FRAME_TYPE,
            "Annotated picture",
            f"A frame with its objects drawn in; the header `{RESULT_HEADER}` is the `ce_id` of its result.",
            {"type": "string", "format": "binary", "contentMediaType": JPEG},
            (examples.pictured(),),
            JPEG,
        ),
    }


def _object() -> Kind:
    return Kind(
        OBJECT_TYPE,
        "Object",
        "An object's event at one of its phases: one start, updates, one end, all with the same `id`.",
        reference(EventRecord),
        (examples.told("start", examples.STARTED), examples.told("end", examples.ENDED)),
    )


def _others() -> dict[str, Kind]:
    return {
        "crossing": Kind(
            CROSSING_TYPE,
            "Crossing",
            "An object crossed a line.",
            reference(CrossingRecord),
            (examples.told("crossing", examples.CROSSED),),
        ),
        "camera": Kind(
            CAMERA_TYPE,
            "Camera",
            "A camera went into trouble or came out of it.",
            reference(CameraRecord),
            (examples.told("down", examples.DOWN),),
        ),
        "attribute": Kind(
            ATTRIBUTE_TYPE,
            "Attribute",
            "A part of a camera's picture became something else, such as a gate that opens.",
            reference(AttributeRecord),
            (examples.told("attribute", examples.OPENED),),
        ),
        "counts": Kind(
            COUNTS_TYPE,
            "Counts",
            "Totals of a camera over an interval.",
            reference(CountsRecord),
            (examples.told("totals", examples.TOTALS),),
        ),
    }


def reference(record: type[Record]) -> Json:
    return {"$ref": SCHEMA_PLACE.format(model=record.__name__)}
