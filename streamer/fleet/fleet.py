"""All cameras of a process: each is started, changed and ended by itself, and touches no other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import anyio

from streamer.errors import StreamerError
from streamer.fleet.camera import REOPENING, Camera, Running, Shared
from streamer.fleet.each import Each

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from streamer.config.tree import CameraConfig, Config
    from streamer.event import Parked
    from streamer.fleet.classifiers import ClassifierQueues
    from streamer.fleet.detectors import Detectors
    from streamer.publish.publisher import Publisher

log = logging.getLogger(__name__)


class NotYet(StreamerError):
    """Nothing can be changed before everything runs."""


class Audience(Protocol):
    """Those who watch cameras live."""

    def dismiss(self, camera: str) -> None:
        """What they watch has ended; those who come back get what there is then."""

    def rearrange(self, camera: str) -> None:
        """Zones and lines have changed."""


class Nobody:
    """An audience of none."""

    def dismiss(self, camera: str) -> None: ...

    def rearrange(self, camera: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Models:
    """Those that cameras use."""

    detectors: Detectors
    classifiers: ClassifierQueues


@dataclass(frozen=True, slots=True)
class Stage:
    """What cameras need to run.

    Attributes:
        detectors: of all cameras.
        classifiers: of all cameras.
        publisher: takes what happens.
        services: where detectors run, which cameras need until their end.
        tasks: where cameras run.
    """

    detectors: Detectors
    classifiers: ClassifierQueues
    publisher: Publisher
    services: TaskGroup
    tasks: TaskGroup


class Fleet:
    """The cameras that are configured.

    Attributes:
        cameras: by name, also those that are switched off or have ended.
        audience: is told of cameras that change or go.
        streams, scenes, snapshots, models, titles: of the cameras that have such a thing, by name, as of now.
    """

    def __init__(self, config: Config, shared: Shared) -> None:
        """
        Args:
            config: of all of them.
            shared: what they have in common.

        Raises:
            WrongOption: an address cannot be.
        """
        self.cameras: dict[str, Camera] = {}
        self.audience: Audience = Nobody()
        self._shared = shared
        self._all_over = anyio.Event()
        self._stage: Stage | None = None
        for name, camera in config.cameras.items():
            self.cameras[name] = Camera(name, camera, shared)
        self.streams = Each(self.cameras, lambda camera: camera.streams)
        self.scenes = Each(self.cameras, lambda camera: camera.scene)
        self.snapshots = Each(self.cameras, lambda camera: camera.snapshots)
        self.models = Each(self.cameras, lambda camera: camera.model)
        self.titles = Each(self.cameras, lambda camera: camera.config.title)

    async def recall(self, parked: Mapping[str, tuple[Parked, ...]]) -> None:
        """Before they run: what an earlier process had parked, and what it had told last of each camera."""
        for name, camera in self.cameras.items():
            camera.parked = parked.get(name, ())
            await self._recall(camera)

    async def run(self, models: Models, publisher: Publisher, services: TaskGroup) -> None:
        """Plays all cameras until all their sources have ended; it goes on where there is none.

        Args:
            models: of all cameras.
            publisher: takes what happens.
            services: where models run, which cameras need until their end.

        Raises:
            SourceEnded: every source has ended, one at least because it cannot be read.
        """
        async with anyio.create_task_group() as tasks:
            self._stage = Stage(models.detectors, models.classifiers, publisher, services, tasks)
            for camera in [*self.cameras.values()]:
                # While one begins, another may be removed, or begin anew.
                if self.cameras.get(camera.name) is camera:
                    await self._begin(camera)
            await self._all_over.wait()
            tasks.cancel_scope.cancel()
        failures = [each.failure for each in self.cameras.values() if each.failure is not None]
        if len(failures) == len(self.cameras):
            raise failures[0]

    async def require(self, config: Config) -> None:
        """See that the detectors of these cameras work, and find what they are asked for.

        Raises:
            ConfigError, DetectorError: they do not.
        """
        stage = self._stage
        names = [name for name, camera in config.cameras.items() if camera.enabled]
        if stage is None:
            raise NotYet("the service is starting")
        for name in dict.fromkeys(config.cameras[name].detector for name in names):
            await stage.detectors.start(name, stage.services)
        stage.detectors.require_labels(config.cameras, names)
        for name in names:
            await stage.classifiers.start(name, config.cameras[name], stage.services)

    async def apply(self, config: Config) -> None:
        """Make the cameras what is configured now; those of which nothing changed run on.

        Raises:
            StreamerError, DetectorError: a camera cannot be what it is meant to be; those before it are.
        """
        for name in [*self.cameras]:
            if name not in config.cameras:
                await self._remove(self.cameras[name])
        for name, options in config.cameras.items():
            camera = self.cameras.get(name)
            if camera is None:
                await self._put(Camera(name, options, self._shared))
            elif camera.config != options:
                await self._change(camera, options)

    async def _change(self, camera: Camera, options: CameraConfig) -> None:
        before = camera.config
        changed = {key for key in type(options).model_fields if getattr(options, key) != getattr(before, key)}
        # How often is decided where pictures are decoded.
        if changed & REOPENING or options.detect.fps != before.detect.fps:
            await camera.stop(for_good=not options.enabled)
            self.audience.dismiss(camera.name)
            anew = Camera(camera.name, options, self._shared)
            anew.parked = camera.parked
            await self._put(anew)
        else:
            camera.rearrange(options)
            self.audience.rearrange(camera.name)

    async def _put(self, camera: Camera) -> None:
        self.cameras[camera.name] = camera
        await self._recall(camera)
        await self._begin(camera)

    async def _remove(self, camera: Camera) -> None:
        await camera.stop(for_good=True)
        del self.cameras[camera.name]
        self.audience.dismiss(camera.name)
        self._shared.metrics.forget(camera.name)
        log.info("%s: removed", camera.name)

    async def _begin(self, camera: Camera) -> None:
        stage = self._stage
        if stage is None:
            return
        if not camera.config.enabled:
            camera.switched_off()
            return
        batcher = await stage.detectors.start(camera.config.detector, stage.services)
        queues = await stage.classifiers.start(camera.name, camera.config, stage.services)
        running = Running(batcher, queues, stage.publisher)
        stage.tasks.start_soon(camera.run, running, self._look_whether_over)

    async def _recall(self, camera: Camera) -> None:
        for last in await self._shared.store.troubles(camera.name, limit=1):
            camera.recall(last.state)

    def _look_whether_over(self, _camera: Camera) -> None:
        if all(each.over for each in self.cameras.values()):
            self._all_over.set()
