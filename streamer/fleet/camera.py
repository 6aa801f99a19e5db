"""One camera while it runs: its streams, who watches over it, and what follows its objects."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio

from streamer.capture.streams import open_streams
from streamer.errors import SourceEnded
from streamer.health.watch import CameraWatch, Watched
from streamer.judge import Judge
from streamer.parking import Known, Parking
from streamer.pipeline import Pipeline, Stages, wanted
from streamer.publish.snapshots import MainSnapshots
from streamer.storage.collecting import Collector
from streamer.tracking.tracker import Tracker
from streamer.webrtc.overlay import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from streamer.batching.batcher import Batcher
    from streamer.config.tree import CameraConfig
    from streamer.event import CameraState, Parked
    from streamer.metrics.metrics import Metrics
    from streamer.publish.publisher import Publisher
    from streamer.storage.store import EventStore

log = logging.getLogger(__name__)

REOPENING = frozenset(
    {
        "source",
        "username",
        "password",
        "transport",
        "decode",
        "timeout_s",
        "loop",
        "clock",
        "state",
        "detector",
        "enabled",
    }
)
"""Options with which a camera begins anew; the others change what is made of its pictures."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all cameras tell, and are told by."""

    metrics: Metrics
    store: EventStore


class Camera:
    """One camera, from its source to its events.

    Attributes:
        name: of the camera.
        config: its options.
        streams: what it shows.
        watch: hears of its connection and looks at its pictures.
        snapshots: takes pictures of events from the larger of two streams; None where there is one.
        scene: its zones and lines, as viewers are told.
        parked: what is parked there, as far as it was told when objects were followed last.
        failure: why its source ended; None while it runs, and where it ended as it should.
        over: whether its source has ended by itself.
    """

    def __init__(self, name: str, config: CameraConfig, shared: Shared) -> None:
        """
        Args:
            name: of the camera.
            config: its options.
            shared: what it has in common with the others.

        Raises:
            WrongOption: one of its addresses cannot be.
        """
        self.name = name
        self.config = config
        self.watch = CameraWatch(name, config.state, shared.metrics)
        self.streams = open_streams(name, config, self.watch)
        main = self.streams.main
        self.snapshots = MainSnapshots(main, shared.store, shared.metrics) if main is not None else None
        self.scene: Mapping[str, Any] = scene_of(config)
        self.parked: tuple[Parked, ...] = ()
        self.failure: SourceEnded | None = None
        self.over = False
        self._shared = shared
        self._batcher: Batcher | None = None
        self._pipeline: Pipeline | None = None
        self._following = anyio.CancelScope()
        self._scope = anyio.CancelScope()
        self._gone = anyio.Event()

    @property
    def model(self) -> str | None:
        """The name of its detector's model; None before it began."""
        return None if self._batcher is None else self._batcher.detector.manifest.name

    def recall(self, told: CameraState) -> None:
        """What was told of it last."""
        self.watch.recall(told)

    async def run(self, batcher: Batcher, publisher: Publisher, over: Callable[[Camera], None]) -> None:
        """Plays until it is stopped, and is watched over also once its source has ended.

        Args:
            batcher: of its detector.
            publisher: takes what happens.
            over: called when its source has ended.
        """
        self._batcher = batcher
        try:
            with self._scope:
                async with anyio.create_task_group() as watching:
                    watching.start_soon(self.watch.run, publisher)
                    if self.snapshots is not None:
                        watching.start_soon(self.snapshots.run)
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._play)
                        tasks.start_soon(self._follow, publisher)
                    self.over = True
                    over(self)
        finally:
            self._gone.set()

    def switched_off(self) -> None:
        """Say that it does not run, and is not meant to."""
        self._shared.metrics.switched_off(self.name, datetime.now(UTC))

    def rearrange(self, config: CameraConfig) -> None:
        """Go on with other options, none of which is of ``REOPENING``; what is parked stays so."""
        self.config, self.scene = config, scene_of(config)
        if not config.detect.enabled and self._pipeline is not None:
            self._pipeline.leave_nothing()
        self._following.cancel()

    async def stop(self, *, for_good: bool) -> None:
        """End it, and wait until it has ended; for good, what is parked there ends, too."""
        if for_good and self._pipeline is not None:
            self._pipeline.leave_nothing()
        self._scope.cancel()
        if self._batcher is not None:
            await self._gone.wait()

    async def _play(self) -> None:
        try:
            await self.streams.run()
        except SourceEnded as error:
            # Its reason is shown as its state, too; the other cameras go on.
            log.warning("%s: %s", self.name, error)
            self.failure = error

    async def _follow(self, publisher: Publisher) -> None:
        changed = True
        while changed:
            self._following = anyio.CancelScope()
            with self._following:
                await (self._detect(publisher) if self.config.detect.enabled else self._look_on())
            changed = self._following.cancelled_caught

    async def _detect(self, publisher: Publisher) -> None:
        assert self._batcher is not None, "it runs"
        config = self.config
        detect = wanted(config.detect, self._batcher.detector.manifest)
        tracker = Tracker(config.track.starting_from(detect.min_confidence), config.stationary)
        judge = Judge(self.name, config.model_copy(update={"detect": detect}))
        known = Known(self.parked, config.stationary.keep)
        parking = Parking(tracker, judge, self._shared.store, known)
        collect, samples = config.collect, self._shared.store.samples
        collector = None if collect is None else Collector(self.name, collect, samples)
        stages = Stages(self._batcher, tracker, judge, publisher, self._shared.metrics, parking, collector)
        self._pipeline = Pipeline(Watched(self.streams, self.watch), detect, stages)
        try:
            async with anyio.create_task_group() as tasks:
                if collector is not None:
                    tasks.start_soon(collector.run)
                await self._pipeline.run()
                tasks.cancel_scope.cancel()
        finally:
            self.parked, self._pipeline = parking.left, None

    async def _look_on(self) -> None:
        """Nothing is looked for; whether the camera is covered, or frozen, still is told."""
        async for _ in Watched(self.streams, self.watch).frames():
            pass
