"""The detectors that cameras use: each is loaded for the first one, and shared by all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from detectors.errors import ModelLoadError
from streamer.batching.batcher import Batcher
from streamer.config.names import unknown_labels
from streamer.errors import ConfigError, WrongOption
from streamer.fleet.serving import pinned
from streamer.loading import load_detector
from streamer.tracking.looks import prepare as prepare_looks

if TYPE_CHECKING:
    from pathlib import Path

    from anyio.abc import TaskGroup

    from detectors.detector import Detector
    from detectors.manifest import ModelManifest
    from streamer.batching.batcher import BatchObserver
    from streamer.config.tree import CameraConfig, DetectorConfig
    from streamer.fleet.serving import Serving
    from streamer.loading import Place
    from streamer.status import Status


class Detectors:
    """Those that were needed so far, by their names in the configuration."""

    def __init__(
        self,
        configs: Mapping[str, DetectorConfig],
        place: Place | None,
        observer: BatchObserver,
        status: Status,
        models: Path | None = None,
        serving: Serving | None = None,
    ) -> None:
        """
        Args:
            configs: what may be loaded.
            place: where their options stand; None when no file says them.
            observer: counts and measures.
            status: is told when one works.
            models: folder of the store of models, if there is one.
            serving: lets other versions of its models run once they are promoted.
        """
        self._configs = configs
        self._place = place
        self._observer = observer
        self._status = status
        self._models = models
        self._serving = serving
        self._batchers: dict[str, Batcher] = {}
        self._judged: dict[str, CameraConfig] = {}
        self._one_at_a_time = anyio.Lock()

    @property
    def batchers(self) -> Mapping[str, Batcher]:
        """Those that work, by name."""
        return self._batchers

    async def prepare(self) -> None:
        """Load what every result needs: else the first one waits for it, and cameras drop what comes."""
        await to_thread.run_sync(partial(import_module, "supervision"))
        await to_thread.run_sync(prepare_looks)

    async def start(self, name: str, services: TaskGroup) -> Batcher:
        """The detector of this name; it runs in ``services`` from the first time on.

        Raises:
            ConfigError, DetectorError: it cannot be loaded; see `load_detector`.
        """
        async with self._one_at_a_time:
            if name not in self._batchers:
                batcher = await self._load(name)
                await services.start(batcher.run)
                self._batchers[name] = batcher
                self._status.ready(part_of(name))
            return self._batchers[name]

    async def _load(self, name: str) -> Batcher:
        config, models = self._configs[name], self._models
        exact = config.model if models is None else await to_thread.run_sync(pinned, config.model, models)

        def version(wanted: str) -> Detector:
            loaded = load_detector(name, config.model_copy(update={"model": wanted}), None, models)
            self._require_of(name, loaded.manifest)
            return loaded

        wanted = config.model_copy(update={"model": exact})
        detector = await to_thread.run_sync(load_detector, name, wanted, self._place, models)
        batcher = Batcher(name, detector, config, self._observer)
        if self._serving is not None:
            self._serving.watch(batcher, config.model, exact, version)
        return batcher

    def require_labels(self, cameras: Mapping[str, CameraConfig], names: Iterable[str]) -> None:
        """What a model without a sidecar file finds is known only once it is loaded.

        Args:
            cameras: all that are configured.
            names: those that are judged.

        Raises:
            ConfigError: one of them asks for labels that its model does not know.
        """
        judged = {name: cameras[name] for name in names}
        for wrong in _wrong_labels(judged, self._manifests()):
            raise ConfigError(self._place(wrong.path, wrong.text)) if self._place else wrong
        self._judged = judged

    def _require_of(self, detector: str, manifest: ModelManifest) -> None:
        """Another version of a model may know other labels than those that cameras ask for.

        Raises:
            ModelLoadError: it does not know one of them.
        """
        mine = {name: camera for name, camera in self._judged.items() if camera.detector == detector}
        for wrong in _wrong_labels(mine, {**self._manifests(), detector: manifest}):
            raise ModelLoadError(f"{'.'.join(wrong.path)}: {wrong.text}")

    def _manifests(self) -> dict[str, ModelManifest]:
        return {name: batcher.detector.manifest for name, batcher in [*self._batchers.items()]}


def _wrong_labels(
    cameras: Mapping[str, CameraConfig], manifests: Mapping[str, ModelManifest]
) -> Iterator[WrongOption]:
    """Labels that cameras ask for and their models do not know."""
    every = {label for manifest in manifests.values() for label in manifest.labels}
    for name, camera in cameras.items():
        manifest = manifests[camera.detector]
        for problem in unknown_labels(camera, manifest.name, manifest.labels):
            # A global filter may be meant for another camera's model.
            if problem.label not in every:
                yield WrongOption(("cameras", name, *map(str, problem.path)), problem.text)


def part_of(name: str) -> str:
    """What a detector is called where it is told whether the process is ready."""
    return f"detector {name}"
