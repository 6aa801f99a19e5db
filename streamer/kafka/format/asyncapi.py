"""The topics for programs, as an AsyncAPI 3.0 document, made from what the records are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic.json_schema import models_json_schema

from streamer.config.bus import KafkaConfig
from streamer.kafka.format.cloudevents import FRAME_TYPE, JSON, RESULT_HEADER, SPEC_VERSION, Topics, source_of
from streamer.kafka.format.examples import Example
from streamer.kafka.format.kinds import RECORDS, SCHEMA_PLACE, Json, Kind, kinds

ASYNCAPI: Final = "3.0.0"
API_VERSION: Final = "1.0.0"
"""Of what is described here; the second number rises with what programs need not know, the first never."""
BINDING: Final = "0.5.0"
"""Of the Kafka bindings (github.com/asyncapi/bindings, kafka)."""

PREFIX: Final = "{prefix}"
ENVELOPE: Final = "CloudEvent"
KEYED: Final = "keyed"
ABOUT: Final = """\
What Sightline sees, for programs: records on Kafka topics.

**Envelope.** Every record is a CloudEvent 1.0 in binary mode: its attributes are the Kafka headers `ce_*`,
its value is the data. The key is the camera's name.

**Delivery.** At least once: a record whose acknowledgement got lost is sent again, byte for byte, with the
same headers. `ce_source` and `ce_id` together name a record for ever; pass over what you have seen. `id`
within the value names a thing that happened: the phases of an object's event share it.

**Order.** All records of a camera have the same key, so that in one topic they stand in one partition (while
its number of partitions stays), and but for repetitions in the order in which they were made. Between cameras
and between topics there is no order.

**What may be missing.** Events and counts wait on disk while the brokers take nothing, and are not left out.
Detections and frames are, oldest first, once they take more room than `kafka.spool.bytes` gives.

**Change.** Within one value of `schema` no key goes, changes its type or meaning, or becomes one that may be
absent. New keys may come: pass over those that you do not know. What cannot be said so gets a new value."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic: the end of its name, what it is, and the names of what it carries."""

    name: str
    summary: str
    messages: tuple[str, ...]


CHANNELS: Final = (
    Channel(
        "detections",
        "A record per processed frame; fewer or none as `kafka.detections` says.",
        ("detections", "deepstream"),
    ),
    Channel(
        "events",
        "What happens: objects that come and go, zones, lines, cameras in trouble, parts that change.",
        ("object", "zoneEntered", "zoneLoitering", "zoneLeft", "crossing", "camera", "attribute"),
    ),
    Channel("counts", "Totals of zones and lines over intervals.", ("counts",)),
    Channel("frames", "Annotated pictures; none unless `kafka.frames` says so.", ("frame",)),
)


def document() -> Json:
    """The AsyncAPI document; the same for every configuration, its parameter is the topics' prefix."""
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Sightline",
            "version": API_VERSION,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"brokers": _server()},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {f"send{channel.name.title()}": _operation(channel) for channel in CHANNELS},
        "components": {
            "messages": {name: _message(name, kind) for name, kind in kinds().items()},
            "schemas": {ENVELOPE: _envelope(), **_records()},
            "parameters": {"prefix": _prefix()},
            "messageBindings": {KEYED: _keyed()},
        },
    }


def _server() -> Json:
    return {
        "host": "{broker}",
        "protocol": "kafka",
        "description": "`kafka.brokers`; with `kafka.tls` the protocol is kafka-secure.",
        "variables": {"broker": {"default": "localhost:9092"}},
    }


def _channel(channel: Channel) -> Json:
    return {
        "address": getattr(Topics(PREFIX), channel.name),
        "summary": channel.summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
        "parameters": {"prefix": {"$ref": "#/components/parameters/prefix"}},
    }


def _operation(channel: Channel) -> Json:
    place = f"#/channels/{channel.name}"
    return {
        "action": "send",
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{name}"} for name in channel.messages],
    }


def _message(name: str, kind: Kind) -> Json:
    said: Json = {
        "name": name,
        "title": kind.title,
        "summary": kind.summary,
        "contentType": kind.content_type,
        "headers": _headers(kind),
        "payload": kind.payload,
        "bindings": {"$ref": f"#/components/messageBindings/{KEYED}"},
        "examples": [_shown(example) for example in kind.examples],
    }
    if kind.type == FRAME_TYPE:
        said["correlationId"] = {
            "description": "`ce_id` of the record with the picture's result.",
            "location": f"$message.header#/{RESULT_HEADER}",
        }
    return said


def _shown(example: Example) -> Json:
    payload = {} if example.payload is None else {"payload": example.payload}
    return {"name": example.name, "headers": example.headers, **payload}


def _headers(kind: Kind) -> Json:
    more = {RESULT_HEADER: {"type": "string", "format": "uuid"}} if kind.type == FRAME_TYPE else {}
    own = {"ce_type": {"const": kind.type}, "content-type": {"const": kind.content_type}, **more}
    return {"type": "object", "allOf": [{"$ref": f"#/components/schemas/{ENVELOPE}"}, {"properties": own}]}


def _envelope() -> Json:
    """The headers that every message has (Kafka Protocol Binding for CloudEvents 1.0, section 3.2)."""
    properties = {
        "ce_specversion": {"const": SPEC_VERSION.decode()},
        "ce_id": {"type": "string", "format": "uuid", "description": "UUIDv7, of this record alone"},
        "ce_source": {"type": "string", "pattern": f"^{source_of('')}", "description": "whose camera saw it"},
        "ce_type": {"type": "string", "description": "what the value is"},
        "ce_time": {"type": "string", "format": "date-time", "description": "when it happened, UTC"},
        "content-type": {"type": "string", "description": "media type of the value"},
    }
    return {
        "title": ENVELOPE,
        "description": "Attributes of a CloudEvent 1.0, as Kafka headers in UTF-8.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }


def _records() -> Json:
    _, schemas = models_json_schema(
        [(record, "serialization") for record in RECORDS], ref_template=SCHEMA_PLACE
    )
    records: Json = schemas["$defs"]
    return records


def _prefix() -> Json:
    return {
        "description": "`kafka.prefix` of the configuration.",
        "default": KafkaConfig.model_fields["prefix"].default,
    }


def _keyed() -> Json:
    key = {"type": "string", "description": "The camera's name, in UTF-8."}
    return {"kafka": {"key": key, "bindingVersion": BINDING}}
