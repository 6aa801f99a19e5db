"""Records as CloudEvents 1.0 in the binary mode of the Kafka protocol binding."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from streamer.event import CameraEvent, Counts, Event, LineCrossing, ZoneEvent, new_id
from streamer.kafka.message import Message, ObjectPhase
from streamer.messages.record import rfc3339

if TYPE_CHECKING:
    from streamer.kafka.message import Headers, Kind

Told: TypeAlias = Event | ZoneEvent | LineCrossing | Counts | CameraEvent
"""What has a record of its own."""

SPEC_VERSION: Final = b"1.0"
JSON: Final = "application/json"
JPEG: Final = "image/jpeg"

RESULT_HEADER: Final = "sightline_detections"
"""Of a frame: the ``ce_id`` of the record with its result."""

DETECTIONS_TYPE: Final = "sightline.detections"
COUNTS_TYPE: Final = "sightline.counts"
FRAME_TYPE: Final = "sightline.frame"
OBJECT_TYPE: Final = "sightline.object"
CROSSING_TYPE: Final = "sightline.crossing"
CAMERA_TYPE: Final = "sightline.camera"
ZONE_TYPES: Final = {
    "entered": "sightline.zone.entered",
    "loitering": "sightline.zone.loitering",
    "left": "sightline.zone.left",
}


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the topics."""

    prefix: str

    @property
    def detections(self) -> str:
        return f"{self.prefix}.detections"

    @property
    def events(self) -> str:
        return f"{self.prefix}.events"

    @property
    def counts(self) -> str:
        return f"{self.prefix}.counts"

    @property
    def frames(self) -> str:
        return f"{self.prefix}.frames"


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Puts records into messages."""

    topics: Topics

    def detections(self, camera: str, at: datetime, value: bytes) -> Message:
        """The result of a frame captured then."""
        return _message("detections", DETECTIONS_TYPE, self.topics.detections, camera, at, value)

    def frame(self, camera: str, at: datetime, jpeg: bytes, detections: str | None) -> Message:
        """An annotated picture captured then, and the id of the message with its result, if there is one."""
        more = () if detections is None else ((RESULT_HEADER, detections.encode()),)
        return _message("frame", FRAME_TYPE, self.topics.frames, camera, at, jpeg, JPEG, more)

    def told(self, happening: Told, value: bytes, seen_at: datetime) -> Message:
        """What happened, told with a frame captured then."""
        camera, topic = happening.camera, self.topics.events
        match happening:
            case Event():
                return self._object(happening, value, seen_at)
            case ZoneEvent():
                return _message("event", ZONE_TYPES[happening.change], topic, camera, happening.at, value)
            case LineCrossing():
                return _message("event", CROSSING_TYPE, topic, camera, happening.at, value)
            case CameraEvent():
                return _message("event", CAMERA_TYPE, topic, camera, happening.since, value)
            case Counts():
                return _message("counts", COUNTS_TYPE, self.topics.counts, camera, happening.until, value)

    def ended(self, event: str, camera: str, value: bytes, ended_at: datetime) -> Message:
        """The end of an object's event, told later."""
        phase = ObjectPhase(event, True, ended_at)
        made = _message("event", OBJECT_TYPE, self.topics.events, camera, ended_at, value)
        return replace(made, phase=phase)

    def _object(self, event: Event, value: bytes, seen_at: datetime) -> Message:
        at = {"start": event.started_at, "end": event.ended_at}.get(event.phase) or seen_at
        made = _message("event", OBJECT_TYPE, self.topics.events, event.camera, at, value)
        return replace(made, phase=ObjectPhase(event.id, event.phase == "end", seen_at))


def source_of(camera: str) -> str:
    """A URI reference; together with the id it names a message for ever."""
    return f"sightline/cameras/{camera}"


def _message(
    kind: Kind,
    type_: str,
    topic: str,
    camera: str,
    at: datetime,
    value: bytes,
    content_type: str = JSON,
    more: Headers = (),
) -> Message:
    """With the attributes as headers (Kafka Protocol Binding for CloudEvents 1.0, section 3.2)."""
    id_ = new_id()
    headers = (
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", id_.encode()),
        ("ce_source", source_of(camera).encode()),
        ("ce_type", type_.encode()),
        ("ce_time", rfc3339(at).encode()),
        ("content-type", content_type.encode()),
        *more,
    )
    return Message(id_, kind, topic, camera.encode(), value, headers, time.monotonic())
