"""What was found in a picture, as a versioned record."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import Field, ValidationError

from streamer.errors import MessageRejected
from streamer.messages.record import (
    BOX_DIGITS,
    CONFIDENCE_DIGITS,
    Box,
    Confidence,
    Record,
    Timestamp,
    absent,
    rejection,
)
from streamer.messages.rulings import DecisionRecord
from streamer.tracking.tracks import ATTRIBUTES, SUB_LABEL

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.event import Decision
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

DETECTIONS_SCHEMA: Final = "sightline.detections/1"

PTS_DIGITS: Final = 6
NOT_FOLLOWED: Final = -1


class DetectedObject(Record):
    """One object of one picture; ``track`` is null while the object is not followed."""

    label: str
    confidence: Confidence
    box: Box
    track: Annotated[int, Field(ge=0)] | None
    sub_label: str | None = Field(
        default=None, exclude_if=absent, description="what a classifier takes it for; absent where none does"
    )
    attributes: dict[str, str] | None = Field(
        default=None, exclude_if=absent, description="what each classifier says of it, by its name"
    )


class DetectionRecord(Record):
    """What was found in one processed frame, or picture; ``objects`` is empty when nothing was."""

    schema_: Literal["sightline.detections/1"] = Field(alias="schema")
    camera: str = Field(description="name of the source")
    file: str | None = Field(
        default=None,
        exclude_if=absent,
        description="path of the picture; of a video only where it stands for a camera",
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
        default=None, exclude_if=absent, description="what the rules decided; absent unless asked for"
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
            raise rejection(frame.camera, error) from error


def detected_objects(detections: Detections) -> tuple[DetectedObject, ...]:
    """The objects of one picture, rounded as on the wire, in the detector's order."""
    if len(detections) == 0:
        return ()
    boxes = np.round(detections.xyxy.astype(np.float64), BOX_DIGITS).tolist()
    confidences = np.round(_column(detections.confidence).astype(np.float64), CONFIDENCE_DIGITS).tolist()
    labels = np.asarray(detections.data["class_name"]).tolist()
    tracks = [NOT_FOLLOWED] * len(boxes) if detections.tracker_id is None else detections.tracker_id.tolist()
    found = tuple(
        DetectedObject(label=label, confidence=confidence, box=box, track=track if track >= 0 else None)
        for label, confidence, box, track in zip(labels, confidences, boxes, tracks, strict=True)
    )
    if SUB_LABEL not in detections.data:
        return found
    said = zip(found, detections.data[SUB_LABEL], detections.data[ATTRIBUTES], strict=True)
    return tuple(
        each.model_copy(update={"sub_label": sub_label, "attributes": dict(attributes) or None})
        for each, sub_label, attributes in said
    )


def _column(values: Any) -> Any:
    if values is None:
        raise MessageRejected("expected a confidence for every object, received none")
    return values
