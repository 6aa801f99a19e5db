"""One example of every kind of message, made as the real ones are."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from streamer.event import (
    AttributeEvent,
    CameraEvent,
    Counts,
    Event,
    LineCrossing,
    LineTotal,
    Ruling,
    ZoneEvent,
    ZoneTotal,
    snapshot_path,
)
from streamer.kafka.format.cloudevents import (
    DETECTIONS_TYPE,
    FRAME_TYPE,
    JPEG,
    RESULT_HEADER,
    Attributes,
    Told,
    attributes_of,
)
from streamer.kafka.format.deepstream import deepstream
from streamer.messages.detections import DETECTIONS_SCHEMA, DetectedObject, DetectionRecord
from streamer.messages.record import Record
from streamer.messages.records import record_of

CAMERA: Final = "gate"
SIZE: Final = (1280, 720)
SEEN_AT: Final = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
STAYED_AT: Final = SEEN_AT + timedelta(seconds=5)
LEFT_AT: Final = SEEN_AT + timedelta(seconds=8.5)


def id_of(at: datetime, what: str) -> str:
    """A UUIDv7 of that time whose random part is the same each time."""
    time, rest = f"{int(at.timestamp() * 1000):012x}", sha256(what.encode()).hexdigest()
    return f"{time[:8]}-{time[8:]}-7{rest[:3]}-8{rest[3:6]}-{rest[6:18]}"


EVENT_ID: Final = id_of(SEEN_AT, "event")
RESULT_ID: Final = id_of(SEEN_AT, "result")

STARTED: Final = Event(
    id=EVENT_ID,
    camera=CAMERA,
    phase="start",
    label="person",
    track=3,
    confidence=0.87,
    box=(100.0, 50.0, 180.0, 300.0),
    started_at=SEEN_AT,
    snapshot=snapshot_path(CAMERA, SEEN_AT, EVENT_ID),
    rules=(Ruling("threshold", True, 0.81, 0.5),),
)
ENDED: Final = replace(STARTED, phase="end", ended_at=LEFT_AT, zones=("porch",))
ENTERED: Final = ZoneEvent(
    CAMERA, "porch", "entered", "person", 3, EVENT_ID, SEEN_AT, 0.0, id_of(SEEN_AT, "entered")
)
LOITERING: Final = replace(
    ENTERED, change="loitering", at=STAYED_AT, seconds=5.0, id=id_of(STAYED_AT, "loitering")
)
LEFT: Final = replace(ENTERED, change="left", at=LEFT_AT, seconds=8.5, id=id_of(LEFT_AT, "left"))
CROSSED: Final = LineCrossing(CAMERA, "kerb", "in", "person", 3, EVENT_ID, SEEN_AT, id_of(SEEN_AT, "crossed"))
DOWN: Final = CameraEvent(CAMERA, "down", "connection refused", SEEN_AT, id_of(SEEN_AT, "down"))
OPENED: Final = AttributeEvent(CAMERA, "gate", "open", "closed", 0.94, SEEN_AT, id_of(SEEN_AT, "opened"))
TOTALS: Final = Counts(
    CAMERA,
    SEEN_AT - timedelta(seconds=60),
    SEEN_AT,
    (ZoneTotal("porch", "person", 2, 1, 1, 12.346),),
    (LineTotal("kerb", "person", 1, 0),),
    id_of(SEEN_AT, "totals"),
)
FOUND: Final = DetectionRecord(
    schema=DETECTIONS_SCHEMA,
    camera=CAMERA,
    frame=120,
    pts=4.0,
    captured_at=SEEN_AT,
    clock="camera",
    width=SIZE[0],
    height=SIZE[1],
    model="sightline-nano",
    objects=(
        DetectedObject(label="person", confidence=0.87, box=(100.0, 50.0, 180.0, 300.0), track=3),
        DetectedObject(label="car", confidence=0.5, box=(640.0, 301.5, 820.0, 410.0), track=None),
    ),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A message as text; ``payload`` is None where the value is no JSON."""

    name: str
    headers: dict[str, str]
    payload: Any | None


def found() -> Example:
    return Example("result", headers(Attributes(DETECTIONS_TYPE, CAMERA, SEEN_AT), RESULT_ID), of(FOUND))


def found_for_deepstream() -> Example:
    return replace(found(), payload=json.loads(deepstream(FOUND)))


def pictured() -> Example:
    more = ((RESULT_HEADER, RESULT_ID.encode()),)
    attributes = Attributes(FRAME_TYPE, CAMERA, SEEN_AT, JPEG, more)
    return Example("picture", headers(attributes, id_of(SEEN_AT, "picture")), None)


def told(name: str, happening: Told) -> Example:
    attributes = attributes_of(happening, SEEN_AT)
    id_ = id_of(attributes.at, f"message {name}")
    return Example(name, headers(attributes, id_), of(record_of(happening, SIZE)))


def headers(attributes: Attributes, id_: str) -> dict[str, str]:
    return {header: value.decode() for header, value in attributes.headers(id_)}


def of(record: Record) -> Any:
    """The record as a reader sees it."""
    return json.loads(record.encoded())
