"""What a record is, and what its values look like on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

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

BOX_DIGITS: Final = 1
CONFIDENCE_DIGITS: Final = 4


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
    # Says the same in every draft of JSON Schema; what stands for tuples differs between them.
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}),
]


def absent(value: object) -> bool:
    """Whether a key that came later is left out of a record."""
    return value is None


def open_to_more(schema: dict[str, Any]) -> None:
    """A program that reads records has to pass over keys that it doesn't know: they may be newer."""
    schema.pop("additionalProperties", None)


class Record(BaseModel):
    """A message; within one value of ``schema`` no key goes, changes, or becomes one that may be absent.

    New keys that may be absent are all that can come.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, serialize_by_alias=True, json_schema_extra=open_to_more
    )

    def encoded(self) -> bytes:
        """The record as JSON in UTF-8, without a line feed."""
        return self.model_dump_json().encode()

    def line(self) -> bytes:
        """The record as one line of JSON Lines, its line feed included."""
        return self.encoded() + b"\n"


def rounded_box(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(edge), BOX_DIGITS) for edge in box)
    return x1, y1, x2, y2


def rejection(camera: str, error: ValidationError) -> MessageRejected:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return MessageRejected(f"{camera}: {place}: {first['msg']}, received {first['input']!r}")
