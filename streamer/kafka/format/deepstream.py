"""Results in NVIDIA DeepStream's minimal message schema, for programs that read that already.

The schema is what the library nvmsgconv of the DeepStream SDK writes for ``PAYLOAD_DEEPSTREAM_MINIMAL``
(``generate_dsmeta_message_minimal`` in ``sources/libs/nvmsgconv/deepstream_schema/dsmeta_payload.cpp``, and
"DeepStream minimal schema" under Gst-nvmsgconv in its manual): ``id`` is the frame's number as a string, an
object a string of fields with ``|`` between them, its numbers are as C++ streams write them, and the track of
an object that is not followed is `UNTRACKED`.

DeepStream writes a confidence only behind what classifiers said, ``..|label|#|colour|0.87``, and without them
none; here it is always the field after the label. Who takes the label from the sixth field and the confidence
from the last reads both. A ``|`` in a label becomes a ``/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, ValidationError

from streamer.errors import MessageRejected
from streamer.messages.detections import DetectedObject
from streamer.messages.record import Record, Timestamp, rejection

if TYPE_CHECKING:
    from streamer.messages.detections import DetectionRecord

VERSION: Final = "4.0"
UNTRACKED: Final = 2**64 - 1
"""UNTRACKED_OBJECT_ID of DeepStream's nvdsmeta.h."""
UNTRACKED_BEFORE: Final = -1
"""What DeepStream wrote for it before its version 5."""

SEPARATOR, REPLACEMENT = "|", "/"
FIELDS: Final = 7
DIGITS: Final = 6
"""Significant ones of a number, as ``std::ostream`` writes it."""


class DeepStreamRecord(Record):
    """What was found in one processed frame, in DeepStream's minimal schema."""

    version: Literal["4.0"]
    id: str = Field(description="number of the frame within its source, from 0")
    timestamp: Timestamp = Field(alias="@timestamp", description="when the camera took it, UTC")
    sensor_id: str = Field(alias="sensorId", description="name of the camera")
    objects: tuple[str, ...] = Field(
        description="trackId|left|top|right|bottom|label|confidence, edges in pixels; "
        f"trackId is {UNTRACKED} while the object is not followed"
    )


def deepstream(record: DetectionRecord) -> bytes:
    """The value of the record that says the same as ``record``, as far as the schema has room for it."""
    return DeepStreamRecord.model_validate(
        {
            "version": VERSION,
            "id": str(record.frame),
            "@timestamp": record.captured_at,
            "sensorId": record.camera,
            "objects": tuple(map(_written, record.objects)),
        }
    ).encoded()


def objects_of(value: bytes) -> tuple[DetectedObject, ...]:
    """The objects of such a value, ours or DeepStream's with classifiers, in its order.

    Raises:
        MessageRejected: it is none.
    """
    try:
        record = DeepStreamRecord.model_validate_json(value)
    except ValidationError as error:
        raise rejection("deepstream", error) from error
    return tuple(map(_read, record.objects))


def _written(found: DetectedObject) -> str:
    track = UNTRACKED if found.track is None else found.track
    label = found.label.replace(SEPARATOR, REPLACEMENT)
    numbers = [f"{edge:.{DIGITS}g}" for edge in found.box]
    return SEPARATOR.join([str(track), *numbers, label, f"{found.confidence:.{DIGITS}g}"])


def _read(text: str) -> DetectedObject:
    fields = text.split(SEPARATOR)
    if len(fields) < FIELDS:
        raise MessageRejected(f"deepstream: expected at least {FIELDS} fields, received {text!r}")
    try:
        track = int(fields[0])
        return DetectedObject.model_validate(
            {
                "label": fields[5],
                "confidence": float(fields[-1]),
                "box": tuple(map(float, fields[1:5])),
                "track": None if track in (UNTRACKED, UNTRACKED_BEFORE) else track,
            }
        )
    except ValidationError as error:
        raise rejection("deepstream", error) from error
    except ValueError:
        raise MessageRejected(f"deepstream: expected numbers, received {text!r}") from None
