"""What may be asked in the query of an address; whatever else is said there is an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import HTTPException, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from streamer.config.tree import CAMERA_NAME

HARMLESS: Final = re.compile(r"\w{1,40}", re.ASCII)
"""What is repeated of a question."""
RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


class Question(BaseModel):
    """What may be asked of a list: nothing, and unknown parameters are errors."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, asked: dict[str, object]) -> dict[str, object]:
        names = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = next((name for name in asked if name not in names), None)
        if unknown is not None:
            expected = f"one of {', '.join(names)}" if names else "no parameters"
            received = repr(unknown) if HARMLESS.fullmatch(unknown) else "another name"
            raise ValueError(f"expected {expected}, received {received}")
        return asked


Nothing = Annotated[Question, Query()]
"""No parameter at all."""


def once(*, but: str = "") -> Callable[[Request], None]:
    """A parameter that is said twice says nothing for sure, but for one that stands for a list."""

    def asked_once(request: Request) -> None:
        said = [name for name, _ in request.query_params.multi_items()]
        several = (name for name in said if name != but and said.count(name) > 1)
        twice = next((name for name in several if HARMLESS.fullmatch(name)), None)
        if twice is not None:
            detail = f"query {twice}: expected once, received {said.count(twice)} times"
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)

    return asked_once


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            if RFC3339.fullmatch(value):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # told below
    raise ValueError("expected a time like 2026-03-01T12:00:00Z (a + is written %2B)")


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time by RFC 3339."""
CameraName = Annotated[str, Field(pattern=f"^{CAMERA_NAME.pattern}$", max_length=200)]
Text = Annotated[str, Field(pattern="^[^\\u0000-\\u001f\\u007f]+$", max_length=200)]
"""One line of text."""
