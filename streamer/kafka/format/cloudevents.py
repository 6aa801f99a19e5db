"""Records as CloudEvents 1.0 in the binary mode of the Kafka protocol binding."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from streamer.event import AttributeEvent, CameraEvent, Counts, Event, LineCrossing, ZoneEvent, new_id
from streamer.kafka.message import Message, ObjectPhase
from streamer.messages.record import rfc3339

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig
    from streamer.kafka.message import Headers, Kind

Told: TypeAlias = Event | ZoneEvent | LineCrossing | Counts | CameraEvent | AttributeEvent
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
ATTRIBUTE_TYPE: Final = "sightline.attribute"
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

    @classmethod
    def used(cls, config: KafkaConfig) -> list[str]:
        """Those that records go to; nobody is asked to allow others."""
        topics = cls(config.prefix)
        used = [topics.events, topics.counts]
        used += [topics.detections] if config.detections != "off" else []
        return used + ([topics.frames] if config.frames != "off" else [])


@dataclass(frozen=True, slots=True)
class Attributes:
    """The context attributes of a message but its id (CloudEvents 1.0, section 3).

    Attributes:
        type: what the value is.
        camera: name.
        at: UTC, when it happened.
        content_type: media type of the value.
        more: headers of our own.
    """

    type: str
    camera: str
    at: datetime
    content_type: str = JSON
    more: Headers = ()

    def headers(self, id_: str) -> Headers:
        """As they stand on a message (Kafka Protocol Binding for CloudEvents 1.0, section 3.2)."""
        return (
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", id_.encode()),
            ("ce_source", source_of(self.camera).encode()),
            ("ce_type", self.type.encode()),
            ("ce_time", rfc3339(self.at).encode()),
            ("content-type", self.content_type.encode()),
            *self.more,
        )


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Puts records into messages."""

    topics: Topics

    def detections(self, camera: str, at: datetime, value: bytes) -> Message:
        """The result of a frame captured then."""
        attributes = Attributes(DETECTIONS_TYPE, camera, at)
        return _message("detections", self.topics.detections, attributes, value)

    def frame(self, camera: str, at: datetime, jpeg: bytes, detections: str | None) -> Message:
        """An annotated picture captured then, and the id of the message with its result, if there is one."""
        more = () if detections is None else ((RESULT_HEADER, detections.encode()),)
        return _message("frame", self.topics.frames, Attributes(FRAME_TYPE, camera, at, JPEG, more), jpeg)

    def told(self, happening: Told, value: bytes, seen_at: datetime) -> Message:
        """What happened, told with a frame captured then."""
        attributes = attributes_of(happening, seen_at)
        if isinstance(happening, Counts):
            return _message("counts", self.topics.counts, attributes, value)
        made = _message("event", self.topics.events, attributes, value)
        if not isinstance(happening, Event):
            return made
        return replace(made, phase=ObjectPhase(happening.id, happening.ended_at, seen_at))

    def ended(self, event: str, camera: str, value: bytes, ended_at: datetime) -> Message:
        """The end of an object's event, told later."""
        made = _message("event", self.topics.events, Attributes(OBJECT_TYPE, camera, ended_at), value)
        return replace(made, phase=ObjectPhase(event, ended_at, ended_at))


def attributes_of(happening: Told, seen_at: datetime) -> Attributes:
    """What is said of what happened, told with a frame captured then."""
    camera = happening.camera
    match happening:
        case Event():
            at = {"start": happening.started_at, "end": happening.ended_at}.get(happening.phase) or seen_at
            return Attributes(OBJECT_TYPE, camera, at)
        case ZoneEvent():
            return Attributes(ZONE_TYPES[happening.change], camera, happening.at)
        case LineCrossing():
            return Attributes(CROSSING_TYPE, camera, happening.at)
        case CameraEvent():
            return Attributes(CAMERA_TYPE, camera, happening.since)
        case AttributeEvent():
            return Attributes(ATTRIBUTE_TYPE, camera, happening.since)
        case Counts():
            return Attributes(COUNTS_TYPE, camera, happening.until)


def source_of(camera: str) -> str:
    """A URI reference; together with the id it names a message for ever."""
    return f"sightline/cameras/{camera}"


def _message(kind: Kind, topic: str, attributes: Attributes, value: bytes) -> Message:
    id_ = new_id()
    key, made_at = attributes.camera.encode(), time.monotonic()
    return Message(id_, kind, topic, key, value, attributes.headers(id_), made_at)
