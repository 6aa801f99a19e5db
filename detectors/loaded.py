"""What detectors and classifiers have in common once they are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from detectors.compiling.cache import GraphCache, default_folder
from detectors.compiling.compilation import compiled, of_task
from detectors.errors import InferenceError, ModelLoadError, ProviderMissing
from detectors.policy import unmeasured
from detectors.session import Session, SessionOptions, open_session
from detectors.store import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.compiling.compiled import CompiledModel


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


def opened(
    task: Literal["detect", "classify"],
    model: str,
    options: SessionOptions,
    cache: Path | None,
    models: Path | None,
    stated: Mapping[str, Any],
) -> tuple[CompiledModel, Session]:
    """A model, compiled or from the cache, and its session; arguments as of ``detector.load``.

    Raises:
        ModelLoadError: there is no such model, it cannot be used, or it has another task.
        ProviderMissing: it cannot run where it was asked for.
    """
    folder = cache or default_folder()
    files = resolve(model, models)
    try:
        found = of_task(task, compiled(files, GraphCache(folder) if folder else None, stated))
        return found, open_session(found.graph, options)
    except ProviderMissing:
        raise
    except ModelLoadError as error:
        error.args = (f"{files.place}: {error}",)
        raise
