"""What Sightline says to programs: versioned records, one JSON object each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from streamer.errors import MessageRejected
from streamer.event import Outcome

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.event import Decision, Event, Ruling
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

DETECTIONS_SCHEMA: Final = "sightline.detections/1"
EVENTS_SCHEMA: Final = "sightline.events/1"

PTS_DIGITS: Final = 6
BOX_DIGITS: Final = 1
CONFIDENCE_DIGITS: Final = 4
VALUE_DIGITS: Final = 6
NOT_FOLLOWED: Final = -1


def rfc3339(moment: datetime) -> str:
    """``2026-03-01T12:00:00.250000Z``: UTC and always six digits, so that text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


Timestamp = Annotated[
    AwareDatetime,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "Z$"}),
]
Pixels = Annotated[float, Field(allow_inf_nan=False)]
Confidence = Annotated[float, Field(ge=0, le=1)]
Box = Annotated[
    tuple[Pixels, Pixels, Pixels, Pixels],
    Field(description="x1, y1, x2, y2 in pixels of the picture, rounded to 0.1"),
]


class Record(BaseModel):
    """A message: its keys never change within one value of ``schema``."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    def line(self) -> bytes:
        """The record as one line of JSON Lines, its line feed included."""
        return self.model_dump_json().encode() + b"\n"


class DetectedObject(Record):
    """One object of one picture; ``track`` is null while the object is not followed."""

    label: str
    confidence: Confidence
    box: Box
    track: Annotated[int, Field(ge=0)] | None


def _absent(value: object) -> bool:
    return value is None


Ruled = Annotated[float, Field(allow_inf_nan=False)] | str | None


class RulingRecord(Record):
    """What one rule said of an object."""

    rule: str = Field(description="its name in the configuration")
    kept: bool = Field(description="whether it let the object pass")
    value: Ruled = Field(description="what the object has")
    limit: Ruled = Field(description="what the rule asks for")

    @classmethod
    def of(cls, ruling: Ruling) -> Self:
        return cls(
            rule=ruling.rule, kept=ruling.kept, value=_rounded(ruling.value), limit=_rounded(ruling.limit)
        )


def _rounded(value: Ruled) -> Ruled:
    return round(value, VALUE_DIGITS) if isinstance(value, float) else value


class DecisionRecord(Record):
    """Why an object was dropped, is not an event, or became one."""

    outcome: Outcome
    label: str
    track: Annotated[int, Field(ge=0)] | None
    box: Box | None
    rules: tuple[RulingRecord, ...]

    @classmethod
    def of(cls, decision: Decision) -> Self:
        return cls(
            outcome=decision.outcome,
            label=decision.label,
            track=decision.track,
            box=None if decision.box is None else _box(decision.box),
            rules=tuple(map(RulingRecord.of, decision.rulings)),
        )


def _box(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(edge), BOX_DIGITS) for edge in box)
    return x1, y1, x2, y2


class DetectionRecord(Record):
    """What was found in one processed frame, or picture; ``objects`` is empty when nothing was."""

    schema_: Literal["sightline.detections/1"] = Field(alias="schema")
    camera: str = Field(description="name of the source")
    file: str | None = Field(
        default=None, exclude_if=_absent, description="path of the picture; absent for video"
    )
    frame: int = Field(ge=0, description="number of the frame within its source, from 0")
    pts: float = Field(allow_inf_nan=False, description="media time, seconds")
    captured_at: Timestamp = Field(description="when the camera took it, UTC")
    clock: Literal["camera", "host"] = Field(
        description="whose clock captured_at is by: the camera's, or ours at arrival"
    )
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    model: str = Field(description="name of the detector's model")
    objects: tuple[DetectedObject, ...]
    explain: tuple[DecisionRecord, ...] | None = Field(
        default=None, exclude_if=_absent, description="what the rules decided; absent unless asked for"
    )

    @classmethod
    def of(
        cls,
        frame: Frame,
        tracks: Tracks,
        model: str,
        *,
        file: str | None = None,
        why: Sequence[Decision] = (),
    ) -> Self:
        """The record of a frame; MessageRejected when a box or a score is not a number."""
        try:
            return cls(
                schema=DETECTIONS_SCHEMA,
                camera=frame.camera,
                # A name that is no UTF-8 would be no JSON.
                file=None if file is None else os.fsencode(file).decode(errors="replace"),
                frame=frame.sequence,
                pts=round(frame.time_s, PTS_DIGITS),
                captured_at=frame.captured_at,
                clock=frame.clock,
                width=frame.width,
                height=frame.height,
                model=model,
                objects=detected_objects(tracks.detections),
                explain=tuple(map(DecisionRecord.of, why)) or None,
            )
        except ValidationError as error:
            raise MessageRejected(_what_is_wrong(frame.camera, error)) from error


class EventRecord(Record):
    """An object's event at one of its phases: one start, updates, one end."""

    schema_: Literal["sightline.events/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, the same over all phases")
    camera: str
    phase: Literal["start", "update", "end"]
    label: str
    sub_label: str | None
    attributes: dict[str, str]
    track: Annotated[int, Field(ge=0)]
    confidence: Confidence = Field(description="best so far")
    box: Box
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    zones: tuple[str, ...]
    rules: tuple[RulingRecord, ...] = Field(description="what let it become an event")
    stationary: bool = Field(description="it does not move: in view, or remembered where it was")
    started_at: Timestamp
    ended_at: Timestamp | None
    snapshot: str | None = Field(description="path of the best picture below the data folder, without suffix")

    @classmethod
    def of(cls, event: Event, *, width: int, height: int) -> Self:
        """The record of an event whose box lies in a picture of that size; MessageRejected as above."""
        try:
            return cls(
                schema=EVENTS_SCHEMA,
                id=event.id,
                camera=event.camera,
                phase=event.phase,
                label=event.label,
                sub_label=event.sub_label,
                attributes=dict(event.attributes),
                track=event.track,
                confidence=round(float(event.confidence), CONFIDENCE_DIGITS),
                box=_box(event.box),
                width=width,
                height=height,
                zones=event.zones,
                rules=tuple(map(RulingRecord.of, event.rules)),
                stationary=event.stationary,
                started_at=event.started_at,
                ended_at=event.ended_at,
                snapshot=event.snapshot,
            )
        except ValidationError as error:
            raise MessageRejected(_what_is_wrong(event.camera, error)) from error


def detected_objects(detections: Detections) -> tuple[DetectedObject, ...]:
    """The objects of one picture, rounded as on the wire, in the detector's order."""
    if len(detections) == 0:
        return ()
    boxes = np.round(detections.xyxy.astype(np.float64), BOX_DIGITS).tolist()
    confidences = np.round(_column(detections.confidence).astype(np.float64), CONFIDENCE_DIGITS).tolist()
    labels = np.asarray(detections.data["class_name"]).tolist()
    tracks = [NOT_FOLLOWED] * len(boxes) if detections.tracker_id is None else detections.tracker_id.tolist()
    return tuple(
        DetectedObject(label=label, confidence=confidence, box=box, track=track if track >= 0 else None)
        for label, confidence, box, track in zip(labels, confidences, boxes, tracks, strict=True)
    )


def _column(values: Any) -> Any:
    if values is None:
        raise MessageRejected("expected a confidence for every object, received none")
    return values


def _what_is_wrong(camera: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{camera}: {place}: {first['msg']}, received {first['input']!r}"
