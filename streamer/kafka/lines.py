"""Records of the topics as lines for a person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from streamer.errors import MessageRejected
from streamer.kafka.format.deepstream import DeepStreamRecord, objects_of
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
    from streamer.kafka.client.following import Received

NOBODY: Final = "-"
NO_JSON: Final = object()
QUIET, GOOD, BAD, PLAIN = "dim", "green", "red", ""


@dataclass(frozen=True, slots=True)
class Line:
    """What a record says.

    Attributes:
        at: when it happened.
        camera: where.
        text: what, in one line of printable characters.
        labels: of the objects that it is about; None where nobody can tell.
        style: how it looks on a terminal, as rich names it.
    """

    at: datetime
    camera: str
    text: str
    labels: frozenset[str] | None
    style: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one kind of record says, and of which objects."""

    camera: str
    at: datetime | None
    text: str
    labels: Iterable[str] = ()
    style: str = PLAIN


def line_of(record: Received, label: str | None = None) -> Line:
    """What a record says; one of an unknown kind says its JSON.

    Args:
        record: of a topic.
        label: where many objects are summed up, only those of this label are.
    """
    value = parsed(record.value)
    said = _said(record, value, label)
    camera = (record.key or NOBODY.encode()).decode(errors="replace")
    if said is None:
        return Line(record.at, printable(camera), printable(_unknown(record.value, value)), None, QUIET)
    at = _time(record.header("ce_time")) or said.at or record.at
    return Line(at, printable(said.camera), printable(said.text), frozenset(said.labels), said.style)


def parsed(value: bytes | None) -> Any:
    """The JSON of a value; `NO_JSON` where it is none."""
    try:
        return NO_JSON if value is None else json.loads(value.decode())
    except (ValueError, RecursionError):
        return NO_JSON


def in_one_line(value: bytes) -> bytes:
    """JSON whose line breaks, which can only be between its parts, are blanks."""
    return value.replace(b"\r", b" ").replace(b"\n", b" ")


def printable(text: str) -> str:
    """The text without what moves a terminal's cursor or changes its colours."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _said(record: Received, value: Any, label: str | None) -> Said | None:
    if not isinstance(value, Mapping):
        return None
    try:
        if "schema" not in value and "@timestamp" in value:
            return _deepstream(record.value or b"", label)
        say = BY_SCHEMA.get(str(value.get("schema")))
        return None if say is None else say(value, label)
    except (ValidationError, MessageRejected):
        return None


def _detections(value: Mapping[str, Any], label: str | None) -> Said:
    record = DetectionRecord.model_validate(value, extra="ignore")
    labels = [found.label for found in record.objects]
    return Said(record.camera, record.captured_at, _summed(labels, label), labels, QUIET)


def _deepstream(value: bytes, label: str | None) -> Said:
    record = DeepStreamRecord.model_validate_json(value)
    labels = [found.label for found in objects_of(value)]
    return Said(record.sensor_id, record.timestamp, _summed(labels, label), labels, QUIET)


def _event(value: Mapping[str, Any], _label: str | None) -> Said:
    record = EventRecord.model_validate(value, extra="ignore")
    text = f"{_named(record)} {record.phase} {record.confidence:.2f}"
    if record.zones:
        text += f" [{', '.join(record.zones)}]"
    if record.ended_at is not None:
        text += f" after {_lasting((record.ended_at - record.started_at).total_seconds())}"
    at = {"start": record.started_at, "end": record.ended_at}.get(record.phase)
    return Said(record.camera, at, text, [record.label], GOOD if record.phase == "start" else PLAIN)


def _zone(value: Mapping[str, Any], _label: str | None) -> Said:
    record = ZoneRecord.model_validate(value, extra="ignore")
    lasting = _lasting(record.seconds)
    did = {
        "entered": f"entered {record.zone}",
        "loitering": f"is loitering in {record.zone}, {lasting} so far",
        "left": f"left {record.zone} after {lasting}",
    }[record.change]
    return Said(record.camera, record.at, f"{_named(record)} {did}", [record.label])


def _crossing(value: Mapping[str, Any], _label: str | None) -> Said:
    record = CrossingRecord.model_validate(value, extra="ignore")
    text = f"{_named(record)} crossed {record.line_} {record.direction}"
    return Said(record.camera, record.at, text, [record.label])


def _camera(value: Mapping[str, Any], _label: str | None) -> Said:
    record = CameraRecord.model_validate(value, extra="ignore")
    text = f"camera {record.state}" + (f": {record.reason}" if record.reason else "")
    return Said(record.camera, record.since, text, style=GOOD if record.state == "up" else BAD)


def _attribute(value: Mapping[str, Any], _label: str | None) -> Said:
    record = AttributeRecord.model_validate(value, extra="ignore")
    before = f", was {record.before}" if record.before else ""
    return Said(record.camera, record.since, f"{record.attribute} is {record.value}{before}")


def _counts(value: Mapping[str, Any], label: str | None) -> Said:
    record = CountsRecord.model_validate(value, extra="ignore")
    zones = _of(record.zones, label)
    lines = _of(record.lines, label)
    parts = [
        f"{each.zone}: {each.label} +{each.entered} -{each.left}, {each.occupancy} inside" for each in zones
    ]
    parts += [f"{each.line_}: {each.label} {each.crossed_in} in, {each.crossed_out} out" for each in lines]
    labels = [*(each.label for each in record.zones), *(each.label for each in record.lines)]
    return Said(record.camera, record.until, "; ".join(parts) or "nothing to count", labels)


# A newer sightline may say more in a record, which is passed over.
BY_SCHEMA: Final[Mapping[str, Callable[[Mapping[str, Any], str | None], Said]]] = {
    DETECTIONS_SCHEMA: _detections,
    EVENTS_SCHEMA: _event,
    ZONES_SCHEMA: _zone,
    CROSSINGS_SCHEMA: _crossing,
    CAMERAS_SCHEMA: _camera,
    ATTRIBUTES_SCHEMA: _attribute,
    COUNTS_SCHEMA: _counts,
}


def _of(totals: Iterable[Any], label: str | None) -> list[Any]:
    return [each for each in totals if label is None or each.label == label]


def _summed(labels: Iterable[str], label: str | None) -> str:
    """``2 person, 1 car``."""
    counted = Counter(each for each in labels if label is None or each == label)
    return ", ".join(f"{count} {each}" for each, count in counted.most_common()) or "nothing"


def _named(record: EventRecord | ZoneRecord | CrossingRecord) -> str:
    return f"{record.label} #{record.track}"


def _lasting(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _time(text: str | None) -> datetime | None:
    try:
        at = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _unknown(raw: bytes | None, value: Any) -> str:
    if raw is None:
        return "nothing (a tombstone)"
    if value is NO_JSON:
        return f"{len(raw)} bytes that are no JSON"
    return in_one_line(raw).decode()
