"""Pictures of the simulated street, with the truth about them, on which models are tried."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBE: Final = Path(__file__).parent / "probe"
"""``truth.json`` says how each was made."""
KNOWN: Final = ("person", "car")
"""What is in them, by the names that COCO gives."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbePicture:
    """A picture, uint8 HxWx3 BGR, and what is in it: boxes [n,4] xyxy and labels [n]."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.str_]


@cache
def probe() -> tuple[ProbePicture, ...]:
    """The pictures of the trial."""
    told = json.loads((PROBE / "truth.json").read_text())
    return tuple(
        ProbePicture(
            np.asarray(cv2.imread(str(PROBE / name)), np.uint8),
            np.array([each["box"] for each in about["objects"]], np.float32),
            np.array([each["label"] for each in about["objects"]]),
        )
        for name, about in told.items()
    )
