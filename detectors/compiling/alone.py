"""A model as it came, one picture at a time: opened once for all who want to see what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.compiling.axis import single
from detectors.session import raw_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import onnx
    from numpy.typing import NDArray


class Alone:
    """One model on one CPU thread.

    Attributes:
        model: with one input, from ``modelfile.with_input``.
        one: the same for one picture at a time.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.one = single(model)
        self._run: Callable[[NDArray[np.float32]], list[NDArray[Any]]] | None = None

    def run(self, pixels: NDArray[np.float32]) -> list[NDArray[Any]]:
        """What it answers to a picture float32 [1,3,height,width].

        Raises:
            InferenceError: it does not load, or fails on this picture.
        """
        if self._run is None:
            self._run = raw_runs(self.one.SerializeToString())
        return self._run(pixels)
