"""What detectors and classifiers have in common once they are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.errors import InferenceError
from detectors.policy import unmeasured
from detectors.session import Session, SessionOptions, open_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.compiled import CompiledModel


class LoadedModel:
    """One compiled model and its session.

    Attributes:
        manifest: what the model is.
        labels: names of its classes.
        policy: how it is best driven; a guess until it was warmed up.
    """

    def __init__(self, model: CompiledModel, session: Session, options: SessionOptions) -> None:
        self.manifest = model.manifest
        self.labels = model.manifest.labels
        self.policy = unmeasured(session, options)
        self._graph = model.graph
        self._session = session
        self._options = options

    @property
    def _size(self) -> tuple[int, int]:
        """Height and width of its input."""
        return self.manifest.input.height, self.manifest.input.width

    def rebuild(self) -> None:
        """A fresh session, after a run that never returned.

        Raises:
            ModelLoadError: the provider is gone.
        """
        self._session = open_session(self._graph, self._options)

    def _filled(self, batch: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The prepared pictures as one array, with blank ones up to the next warm batch size."""
        shape = (*self._size, 3)
        for one in batch:
            if one.shape != shape or one.dtype != np.uint8:
                raise InferenceError(f"expected uint8 {shape}, received {one.dtype} {one.shape}")
        if len(batch) == 1:
            return batch[0][None]
        bucket = next(size for size in self.policy.buckets if size >= len(batch))
        images = np.zeros((bucket, *shape), np.uint8)
        np.stack(batch, out=images[: len(batch)])
        return images
