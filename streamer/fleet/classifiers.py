"""The classifiers that cameras use: each is loaded for the first one, and shared by all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread

from detectors.classifier import load
from streamer.batching.classifying import ClassifierQueue
from streamer.fleet.serving import pinned
from streamer.loading import load_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from anyio.abc import TaskGroup

    from detectors.classifier import Classifier
    from streamer.batching.runner import BatchObserver
    from streamer.config.tree import CameraConfig
    from streamer.fleet.serving import Serving
    from streamer.loading import Place

MAX_WAIT_S: Final = 0.005
"""How long a batch is collected where batches pay."""


class ClassifierQueues:
    """Those that were needed so far, by how the configuration calls their models.

    Attributes:
        queues: those that work.
    """

    def __init__(self, models: Path, place: Place | None, observer: BatchObserver, serving: Serving) -> None:
        """
        Args:
            models: folder of the store.
            place: where options stand; None when no file says them.
            observer: counts and measures.
            serving: lets other versions run once they are promoted.
        """
        self.queues: dict[str, ClassifierQueue] = {}
        self._models = models
        self._place = place
        self._observer = observer
        self._serving = serving
        self._one_at_a_time = anyio.Lock()

    async def start(
        self, camera: str, config: CameraConfig, services: TaskGroup
    ) -> Mapping[str, ClassifierQueue]:
        """Those of a camera run in ``services`` from now on.

        Raises:
            ConfigError, DetectorError: one cannot be loaded; see `load_classifier`.
        """
        async with self._one_at_a_time:
            for number, each in enumerate(config.classifiers):
                if each.model not in self.queues:
                    path = ("cameras", camera, "classifiers", str(number), "model")
                    self.queues[each.model] = await self._start(each.model, path, services)
        return self.queues

    async def _start(self, model: str, path: tuple[str, ...], services: TaskGroup) -> ClassifierQueue:
        exact = await to_thread.run_sync(pinned, model, self._models)
        loaded = await to_thread.run_sync(load_classifier, exact, path, self._place, self._models)
        queue = ClassifierQueue(model, loaded, MAX_WAIT_S, self._observer)
        await services.start(queue.run)
        self._serving.watch(queue, model, exact, self._version)
        return queue

    def _version(self, exact: str) -> Classifier:
        return load(exact, models=self._models)
