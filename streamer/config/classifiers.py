"""What a person says about classifiers: what they look at, and how sure they have to be."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from streamer.config.scene import Confidence, Label, Labels, RegionBox, four, region_box
from streamer.config.section import Line, Section, told

MOST: Final = 8
"""Classifiers of a camera."""


class ClassifierConfig(Section):
    """A model that says more of the objects ``on`` (none said: of all), or of a ``region`` of the picture.

    ``min_confidence`` is the mean probability from which on anything is told. ``name`` is what its answers
    are called among attributes, the model's name unless said.
    """

    model: Line
    on: Labels = ()
    region: Annotated[RegionBox, BeforeValidator(four), AfterValidator(region_box)] | None = None
    name: Label | None = None
    min_confidence: Confidence = Field(default=0.5)

    @property
    def key(self) -> str:
        """What its answers are called."""
        return self.name or re.sub(r"@.*|\.[a-z]+$", "", PurePath(self.model).name)

    @model_validator(mode="after")
    def _objects_or_region(self) -> ClassifierConfig:
        if self.region is not None and self.on:
            raise told("expected either on or region, received both")
        return self


def named_apart(configs: tuple[ClassifierConfig, ...]) -> tuple[ClassifierConfig, ...]:
    """Their answers must not be mixed up."""
    if len(configs) > MOST:
        raise ValueError(f"expected at most {MOST} classifiers, received {len(configs)}")
    keys = [each.key for each in configs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"expected classifiers of different names, received {twice!r} twice")
    return configs


ClassifierConfigs = Annotated[tuple[ClassifierConfig, ...], AfterValidator(named_apart)]
