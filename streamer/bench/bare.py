"""The model as it came: its own graph on one thread, without anything of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detectors import store
from detectors.compiling.cache import GraphCache, default_folder
from detectors.compiling.compilation import compiled
from detectors.letterbox import fit
from detectors.pixels import BgrPixels
from detectors.session import raw_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec, ModelManifest


def manifest_of(model: str) -> ModelManifest:
    """What the model is, by catalogue name or path.

    Raises:
        ModelLoadError: it cannot be used.
    """
    folder = default_folder()
    return compiled(store.resolve(model), GraphCache(folder) if folder else None).manifest


class BareModel:
    """Runs a model; letterbox and conversion are steps of their own, so that each can be timed."""

    def __init__(self, model: str) -> None:
        self._input = manifest_of(model).input
        self._run = raw_runs(store.resolve(model).weights)

    def fitted(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture letterboxed, uint8 [height,width,3]."""
        return fit(BgrPixels(image), self._input)[0]

    def pixels(self, fitted: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the model takes, [1,3,height,width]."""
        return pixels_of(fitted, self._input)

    def run(self, pixels: NDArray[np.float32]) -> list[NDArray[Any]]:
        return self._run(pixels)


def pixels_of(fitted: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """(pixel - mean) / std, in the model's order of channels."""
    planes = fitted.transpose(2, 0, 1)[None].astype(np.float32)
    if spec.channels == "rgb":
        planes = planes[:, ::-1]
    mean, std = (np.reshape(value, (1, 3, 1, 1)).astype(np.float32) for value in (spec.mean, spec.std))
    return np.ascontiguousarray((planes - mean) / std)
