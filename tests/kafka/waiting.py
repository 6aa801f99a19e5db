"""Messages for what waits for the brokers."""

import time
from datetime import UTC, datetime

from streamer.event import new_id
from streamer.kafka.message import Kind, Message, ObjectPhase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(
    kind: Kind = "detections", value: bytes = b"{}", camera: str = "gate", phase: ObjectPhase | None = None
) -> Message:
    """A message of that kind."""
    id_ = new_id()
    topic = {"event": "events", "frame": "frames"}.get(kind, kind)
    headers = (("ce_id", id_.encode()), ("ce_type", "größe".encode()))
    return Message(id_, kind, f"sightline.{topic}", camera.encode(), value, headers, time.monotonic(), phase)


def told(event: str, *, ended: bool = False, value: bytes = b"{}") -> Message:
    """A phase of an object's event."""
    return message("event", value, phase=ObjectPhase(event, NOON if ended else None, NOON))
