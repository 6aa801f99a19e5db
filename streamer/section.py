"""What the sections of the configuration are made of."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

BYTE_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
SECONDS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def byte_size(value: object) -> object:
    """``"20 GB"`` or ``"500MB"`` as a number of bytes; numbers pass through."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*", value.lower())
    if match is None:
        raise ValueError(f"expected a size like '20 GB', received {value!r}")
    return int(float(match[1]) * BYTE_UNITS[match[2]])


def duration(value: object) -> object:
    """``"0.5s"``, ``"200 ms"`` or ``"10min"`` as seconds; numbers are seconds already."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d|)\s*", value.lower())
    if match is None:
        raise ValueError(f"expected a duration like '0.5s', '10min' or '1h', received {value!r}")
    return float(match[1]) * SECONDS[match[2]]


def number_or(example: str) -> WithJsonSchema:
    """What an editor is told of a number that may have a unit."""
    return WithJsonSchema({"type": ["number", "string"], "examples": [example]})


ByteSize = Annotated[int, BeforeValidator(byte_size), Field(gt=0), number_or("20 GB")]
Duration = Annotated[
    float,
    BeforeValidator(duration),
    Field(ge=0, le=365 * 86400, allow_inf_nan=False),
    number_or("10min"),
]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
