"""What the sections of the configuration are made of."""

from __future__ import annotations

import re
import types
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from detectors.wording import shown

BYTE_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TOLD: Final = "told"
LONGEST_S: Final = 365 * 86400
SECONDS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_true(cls, value: object, info: ValidationInfo) -> object:
        # pydantic takes true for 1, and 1 for true.
        if isinstance(value, bool) and _is_number(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError(f"expected a number, received {shown(value)}")
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_switch(cls, info):
            raise ValueError(f"expected true or false, received {shown(value)}")
        return value


def told(text: str) -> PydanticCustomError:
    """An error whose text is told as it is: nothing that was received, which may be secret, is in it."""
    return PydanticCustomError(TOLD, "{text}", {"text": text})


def _is_switch(section: type[BaseModel], info: ValidationInfo) -> bool:
    return section.model_fields[str(info.field_name)].annotation is bool


def _is_number(annotation: Any) -> bool:
    """Whether a bare number is among what a value may be, and true or false is not."""
    if get_origin(annotation) is Annotated:
        return _is_number(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_is_number, get_args(annotation)))
    return annotation in (int, float)


def number(value: object) -> float | None:
    """The number that a value is, or that its text says; None where there is none: true is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def byte_size(value: object) -> object:
    """``"20 GB"`` or ``"500MB"`` as a number of bytes; numbers pass through."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*", value.lower(), re.ASCII)
    if match is None:
        raise ValueError(f"expected a size like '20 GB', in kB, MB, GB or TB, received {value!r}")
    return int(float(match[1]) * BYTE_UNITS[match[2]])


def duration(value: object) -> object:
    """``"0.5s"``, ``"200 ms"`` or ``"10min"`` as seconds; numbers are seconds already."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d|)\s*", value.lower(), re.ASCII)
    if match is None:
        raise ValueError(f"expected a duration like '0.5s', '10min' or '1h', received {value!r}")
    seconds = float(match[1]) * SECONDS[match[2]]
    if seconds > LONGEST_S:
        raise ValueError(f"expected a duration of at most 365d, received {value!r}")
    return seconds


def on_one_line(text: str) -> str:
    found = CONTROL.search(text)
    if found:
        # Without the text: it may hold a password.
        raise ValueError(f"expected text on one line, received {found[0]!r} in it")
    return text


def number_or(example: str) -> WithJsonSchema:
    """What an editor is told of a number that may have a unit."""
    return WithJsonSchema({"type": ["number", "string"], "examples": [example]})


ByteSize = Annotated[int, BeforeValidator(byte_size), Field(gt=0), number_or("20 GB")]
Duration = Annotated[
    float,
    BeforeValidator(duration),
    Field(ge=0, le=LONGEST_S),
    number_or("10min"),
]
Line = Annotated[str, Field(min_length=1), AfterValidator(on_one_line)]
"""Text that a person can be shown."""
Share = Annotated[float, Field(ge=0, le=1)]
