"""Pictures with the truth about them, on which models are tried: of the simulated street, and of oranges."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBE: Final = Path(__file__).parent / "probe"
"""``truth.json`` and ``oranges.json`` say how each was made."""
KNOWN: Final = ("person", "car")
"""What is in the street, by the names that COCO gives."""


DUSK: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class ProbePicture:
    """A picture, uint8 HxWx3 BGR, and what is in it: boxes [n,4] xyxy and labels [n]."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.str_]


@cache
def probe() -> tuple[ProbePicture, ...]:
    """The pictures of the street."""
    return _told_in("truth.json")


@cache
def oranges() -> tuple[ProbePicture, ...]:
    """Oranges on tables, whose colour says what they are: blue, no detector is as sure of them."""
    return _told_in("oranges.json")


@cache
def dusk() -> tuple[ProbePicture, ...]:
    """Some of both in a fifth of their light: there a model sees little whose pixels are scaled otherwise
    than it wants, where by day many see enough."""
    return tuple(
        replace(each, image=(each.image * DUSK).astype(np.uint8)) for each in (*probe()[:2], *oranges())
    )


def _told_in(name: str) -> tuple[ProbePicture, ...]:
    told = json.loads((PROBE / name).read_text())
    return tuple(
        ProbePicture(
            np.asarray(cv2.imread(str(PROBE / picture)), np.uint8),
            np.array([each["box"] for each in about["objects"]], np.float32),
            np.array([each["label"] for each in about["objects"]]),
        )
        for picture, about in told.items()
    )
