"""What a person says about pictures that are kept to be labelled, beside those of events."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from streamer.config.section import Section


def share(value: object) -> object:
    """``"0.1%"`` as a share of 1; numbers pass through."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", value, re.ASCII)
    if match is None:
        raise ValueError(f"expected a share like '0.1%' or 0.001, received {value!r}")
    return float(match[1]) / (100 if match[2] else 1)


ShareOf = Annotated[
    float,
    BeforeValidator(share),
    Field(ge=0, le=1),
    WithJsonSchema({"type": ["number", "string"], "examples": ["0.1%"]}),
]


class CollectConfig(Section):
    """Pictures to label: ``per_event`` more of its object that look different, objects near the threshold,
    and a ``random`` share of the frames in which nothing was found; at most ``max_per_day``."""

    per_event: int = Field(default=3, ge=0, le=100)
    near_threshold: bool = True
    random: ShareOf = 0.001
    max_per_day: int = Field(default=200, ge=1, le=100_000)
