"""What cameras saw, as it stands on the topics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from streamer.kafka.format.deepstream import deepstream
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

AT: Final = datetime(2026, 3, 1, 12, 0, 3, 250_000, UTC)


def event(phase: str, **changes: object) -> bytes:
    ended = AT + timedelta(seconds=6) if phase == "end" else None
    return EventRecord.model_validate(
        {
            "schema": EVENTS_SCHEMA,
            "id": "e",
            "camera": "gate",
            "phase": phase,
            "label": "person",
            "sub_label": None,
            "attributes": {},
            "track": 3,
            "confidence": 0.87,
            "box": (100.0, 50.0, 180.0, 300.0),
            "width": 1280,
            "height": 720,
            "zones": ("porch",),
            "rules": (),
            "stationary": False,
            "started_at": AT,
            "ended_at": ended,
            "snapshot": None,
            **changes,
        }
    ).encoded()


def zone(change: str) -> bytes:
    return ZoneRecord.model_validate(
        {
            "schema": ZONES_SCHEMA,
            "id": "z",
            "camera": "gate",
            "zone": "porch",
            "change": change,
            "label": "person",
            "track": 3,
            "event": "e",
            "at": AT,
            "seconds": 15.04,
        }
    ).encoded()


def crossing() -> bytes:
    return CrossingRecord.model_validate(
        {
            "schema": CROSSINGS_SCHEMA,
            "id": "c",
            "camera": "gate",
            "line": "kerb",
            "direction": "in",
            "label": "car",
            "track": 4,
            "event": None,
            "at": AT,
        }
    ).encoded()


def camera(state: str, reason: str | None) -> bytes:
    return CameraRecord.model_validate(
        {"schema": CAMERAS_SCHEMA, "id": "s", "camera": "gate", "state": state, "reason": reason, "since": AT}
    ).encoded()


def counts() -> bytes:
    zones = [{"zone": "porch", "label": "person", "entered": 2, "left": 1, "occupancy": 1, "seconds": 3.5}]
    lines = [{"line": "kerb", "label": "car", "crossed_in": 1, "crossed_out": 0}]
    return CountsRecord.model_validate(
        {
            "schema": COUNTS_SCHEMA,
            "id": "n",
            "camera": "gate",
            "since": AT,
            "until": AT,
            "zones": zones,
            "lines": lines,
        }
    ).encoded()


def found(*labels: str, camera: str = "yard") -> DetectionRecord:
    objects = [{"label": label, "confidence": 0.5, "box": (1, 2, 3, 4), "track": None} for label in labels]
    return DetectionRecord.model_validate(
        {
            "schema": DETECTIONS_SCHEMA,
            "camera": camera,
            "frame": 7,
            "pts": 1.0,
            "captured_at": AT,
            "clock": "host",
            "width": 1280,
            "height": 720,
            "model": "m",
            "objects": objects,
        }
    )


def detections(*labels: str, camera: str = "yard") -> bytes:
    return found(*labels, camera=camera).encoded()


def deepstream_detections(*labels: str, camera: str = "yard") -> bytes:
    return deepstream(found(*labels, camera=camera))
