"""Frees a model from the batch size it was exported with, if its pictures stay independent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.compiling.axis import free
from detectors.errors import InferenceError, ModelLoadError
from detectors.session import raw_runs

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from detectors.compiling.alone import Alone
    from detectors.manifest import InputSpec

TRIAL: Final = 3
"""Pictures of the trial."""
RELATIVE: Final = 1e-3
"""Difference between a picture in a batch and alone that float rounding explains."""


def free_batch(alone: Alone, spec: InputSpec) -> onnx.ModelProto:
    """The model for any number of pictures where a trial allows it, else for one at a time.

    A batch must give each picture what it gets alone. Reshapes to a fixed batch and quantisation ranges
    taken over the whole batch break that, and no inspection of the graph tells as surely as trying.

    Raises:
        ModelLoadError: it runs not even with one picture.
    """
    together = free(alone.model)
    pixels = _pictures(spec)
    try:
        singles = [alone.run(picture[None]) for picture in pixels]
    except InferenceError as error:
        raise ModelLoadError(f"does not run: {error}") from error
    try:
        batch = raw_runs(together.SerializeToString())(pixels)
    except InferenceError:
        return alone.one
    for number, outputs in enumerate(singles):
        if not all(_same(output, several, number) for output, several in zip(outputs, batch, strict=True)):
            return alone.one
    return together


def _pictures(spec: InputSpec) -> NDArray[np.float32]:
    """Noise, each picture brighter than the one before: what one does to another's range must show."""
    noise = np.random.default_rng(0).random((TRIAL, 3, spec.height, spec.width), np.float32) * 255
    noise *= np.linspace(0.2, 1, TRIAL, dtype=np.float32).reshape(-1, 1, 1, 1)
    mean, std = (np.reshape(value, (1, 3, 1, 1)) for value in (spec.mean, spec.std))
    pixels: NDArray[np.float32] = ((noise - mean) / std).astype(np.float32)
    return pixels


def _same(output: NDArray[np.float32], several: NDArray[np.float32], number: int) -> bool:
    if output.shape[0] != 1 or several.shape != (TRIAL, *output.shape[1:]):
        return False
    largest = float(np.abs(output).max(initial=0))
    return bool(np.allclose(several[number], output[0], rtol=RELATIVE, atol=RELATIVE * RELATIVE * largest))
