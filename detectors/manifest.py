"""What a model is: the sidecar file that travels with its weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.errors import ModelLoadError, one_line
from detectors.pixels import Scaling
from detectors.wording import escaped, expectation, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Triple = tuple[float, float, float]
Share = Annotated[float, Field(ge=0, le=1)]

MAX_SIDE: Final = 4096
"""Longest side of a model's input, pixels; more is taken for a damaged or hostile file."""


class Record(BaseModel):
    """A part of the manifest: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LetterboxSpec(Record):
    """How a picture of any shape becomes the model's input.

    ``top-left`` and ``centre`` keep its proportions and fill the rest with ``pad`` (0..255, all channels);
    ``stretch`` does not. ``crop`` keeps them and fills the input with the middle of the picture, of whose
    shorter side it shows the share ``shown``: 0.875 is torchvision's Resize(256) and CenterCrop(224).
    ``scaling`` is that of ``pixels.scaled``.
    """

    mode: Literal["top-left", "centre", "stretch", "crop"] = "top-left"
    pad: int = Field(default=114, ge=0, le=255)
    scaling: Scaling = "linear"
    shown: float = Field(default=1.0, gt=0, le=1)


class InputSpec(Record):
    """The picture a model takes: ``(pixel - mean) / std`` per channel, pixels 0..255.

    ``mean`` and ``std`` are in the order of ``channels``.
    """

    width: int = Field(ge=1, le=MAX_SIDE)
    height: int = Field(ge=1, le=MAX_SIDE)
    channels: Literal["bgr", "rgb"] = "bgr"
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    letterbox: LetterboxSpec = LetterboxSpec()


class Thresholds(Record):
    """The confidence and the NMS IoU the model is best used with."""

    confidence: Share = 0.25
    iou: Share = 0.45


class ModelManifest(Record):
    """Everything the service and a reader need to know about one model.

    Attributes:
        name: how the model is called in configuration and messages.
        version: of the weights.
        sha256: of the model file, 64 hexadecimal digits.
        task: what it does: finds objects in a picture, or says what a picture is of.
        family: the decode that turns its outputs into boxes, a name of ``detectors.families.FAMILIES``; of a
            classifier what its output holds, a name of ``detectors.recognising.classification.ANSWERS``.
        input: the picture it takes.
        labels: names of its classes, in the order of its outputs.
        thresholds: how it is best used; a classifier that is less confident answers "none of these".
        license: of the weights.
        source: where the weights come from and what they were trained on.
        metrics: measured figures by name.
        limits: where it fails, for people.
        assumed: what of all this nobody stated, and why it was taken so, for people.
        ignored: what of its outputs is left aside, for people.
    """

    name: str = Field(min_length=1)
    version: str = "0"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    task: Literal["detect", "classify"] = "detect"
    family: str
    input: InputSpec
    labels: tuple[str, ...] = Field(min_length=1)
    thresholds: Thresholds = Thresholds()
    license: str = "unknown"
    source: str = "unknown"
    metrics: dict[str, float] = {}
    limits: str = ""
    assumed: str = ""
    ignored: str = ""


def validated(stated: dict[str, Any]) -> ModelManifest:
    """The manifest with these fields.

    Raises:
        ModelLoadError: names the first field that is wrong.
    """
    try:
        return ModelManifest.model_validate(stated)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "top level"
        raise ModelLoadError(
            escaped(f"manifest: {where}: expected {expectation(problem)}, received {received(problem)}")
        ) from error


def received(problem: ErrorDetails) -> str:
    """What stood where something else was expected, cut to a readable length."""
    return "nothing" if problem["type"] == "missing" else f"{shown(problem['input']):.80}"


def stated_in(sidecar: bytes) -> dict[str, Any]:
    """The fields that a sidecar gives, each valid; it need not give all.

    Raises:
        ModelLoadError: names the first field that is wrong.
    """
    try:
        stated = json.loads(sidecar)
    except (ValueError, RecursionError) as error:
        raise ModelLoadError(f"manifest: not JSON: {one_line(error)}") from error
    if not isinstance(stated, dict):
        raise ModelLoadError(f"manifest: expected an object of fields, received {type(stated).__name__}")
    # What is left out gets a value that passes, so that what is there can be judged.
    passing = {"name": "-", "sha256": "0" * 64, "family": "-", "labels": ["-"], **stated}
    if isinstance(stated.get("input", {}), dict):
        passing["input"] = {"width": 1, "height": 1, **stated.get("input", {})}
    validated(passing)
    return stated
