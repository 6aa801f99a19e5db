"""Pixels as a network takes them, in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.letterbox import fit
from detectors.pixels import BgrPixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec


def fitted(image: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """A picture uint8 HxWx3 BGR in the size of the input, exactly as the classifier that runs fits it."""
    return fit(BgrPixels(image), spec)[0]


def prepared(pictures: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """Pictures uint8 [n,h,w,3] BGR as float32 [n,h,w,3] in the order and scale of the input."""
    ordered = pictures[..., ::-1] if spec.channels == "rgb" else pictures
    values: NDArray[np.float32] = ordered.astype(np.float32)
    values -= np.array(spec.mean, np.float32)
    values /= np.array(spec.std, np.float32)
    return values
