"""Builds the parts of a running service, owns them, and ends them in order."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from detectors.store import resolve
from streamer.api.app import create_app
from streamer.api.fallbacks import add_fallbacks
from streamer.api.pages import add_pages, add_send_page
from streamer.api.server import serve
from streamer.api.whep import add_whep
from streamer.api.whip import add_whip
from streamer.batching.batcher import Batcher
from streamer.capture.streams import CameraStreams, open_streams
from streamer.config.names import unknown_labels
from streamer.errors import ConfigError, SourceEnded, WrongOption
from streamer.health.watch import CameraWatch, Watched
from streamer.interrupt import interruptible
from streamer.judge import Judge
from streamer.kafka.output import PART as KAFKA_SPOOL
from streamer.kafka.output import KafkaOutput
from streamer.loading import load_detector
from streamer.metrics.metrics import Metrics
from streamer.pages.models import driven
from streamer.pages.opening import Pages
from streamer.pages.parts import Parts
from streamer.parking import Known, Parking
from streamer.pipeline import Pipeline, Stages, wanted
from streamer.publish.heartbeat import heartbeat
from streamer.publish.jsonl import JsonLines, JsonLinesSink, json_lines
from streamer.publish.meter import Meter
from streamer.publish.publisher import Publisher
from streamer.publish.snapshots import MainSnapshots
from streamer.publish.store import StoreSink
from streamer.publish.table import Header, LiveTable
from streamer.status import Status
from streamer.storage.records import Recovered
from streamer.storage.series import StoreSeries
from streamer.storage.store import EventStore
from streamer.tracking.looks import prepare as prepare_looks
from streamer.tracking.tracker import Tracker
from streamer.webrtc.overlay import scene_of
from streamer.webrtc.results import LiveResults
from streamer.webrtc.stills import Stills
from streamer.webrtc.viewers import Viewers
from streamer.webrtc.whip import Publishers

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from fastapi import FastAPI

    from detectors.manifest import ModelManifest
    from streamer.config.tree import Config
    from streamer.event import Parked
    from streamer.loading import Place
    from streamer.publish.sink import Sink

log = logging.getLogger(__name__)

STORE = "store"


class App:
    """One process of the service: cameras, detectors, store, outputs and the HTTP interface."""

    def __init__(self, config: Config, *, table: bool = False, place: Place | None = None) -> None:
        """
        Args:
            config: everything that can be said of it.
            table: show the live table on the terminal.
            place: where its options stand; None when no file says them.
        """
        self._config = config
        self._place = place
        self._table = table
        self._used = sorted({camera.detector for camera in config.cameras.values()})
        kafka = [KAFKA_SPOOL] if config.kafka else []
        self.status = Status([STORE, *kafka, *(f"detector {name}" for name in self._used)])
        self.metrics = Metrics(self.status, config.cameras)
        self._store = EventStore(config.data, config.storage, cameras=list(config.cameras))
        self.metrics.registry.register(StoreSeries(self._store))
        self._watches = {
            name: CameraWatch(name, camera.state, self.metrics) for name, camera in config.cameras.items()
        }
        self._kafka = self._kafka_output()
        self._meter = Meter(self.metrics)
        self._results = LiveResults()
        self._sources: Mapping[str, CameraStreams] = {}
        self._batchers: dict[str, Batcher] = {}
        self._parked: Mapping[str, tuple[Parked, ...]] = {}
        self._recovered = Recovered({}, ())
        self._ended: list[SourceEnded] = []
        self.url = ""

    async def run(self) -> None:
        """Serve until a signal comes, or every source has ended.

        Raises:
            StreamerError: a part cannot start, or every source ended with an error.
            DetectorError: a model cannot be used.
        """
        self._claim_data_folder()
        self._sources = self._open_sources()
        async with AsyncExitStack() as stack:
            uninterrupted = await stack.enter_async_context(interruptible())
            lines = await self._open_lines(stack)
            services = await stack.enter_async_context(anyio.create_task_group())
            # Left in reverse: the sources end, the services are told to, what they hold is written.
            stack.callback(services.cancel_scope.cancel)
            await self._start_store(services)
            await self._start_kafka(services)
            http = self._config.http
            api = create_app(self.metrics, self.status, self._store, http)
            await self._start_viewing(services, api)
            self.url = await services.start(serve, api, http.host, http.port)
            batchers = await self._start_detectors(services)
            if self._kafka is not None:
                await self._kafka.require_answer()
            log.info("listening on %s", self.url)
            if lines is not None:
                await self._tell_ends(JsonLinesSink(lines, {}))
            sinks = self._sinks(lines, batchers, services)
            if self._table:
                live = LiveTable(self._header(batchers), self.metrics)
                await services.start(live.run)
                sinks.append(live)
            else:
                services.start_soon(heartbeat, self.metrics)
            publisher = Publisher(sinks)
            with uninterrupted:
                await self._run_cameras(batchers, publisher)
        if self._ended and len(self._ended) == len(self._config.cameras):
            raise self._ended[0]

    def _claim_data_folder(self) -> None:
        data = self._config.data
        try:
            data.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise ConfigError(f"{data}: expected a folder, received a file") from None
        except OSError as error:
            raise ConfigError(f"{data}: cannot be written: {error.strerror}") from None
        if not os.access(data, os.W_OK):
            raise ConfigError(f"{data}: cannot be written")

    def _open_sources(self) -> dict[str, CameraStreams]:
        """A wrong address or model is told before anything runs."""
        for name in self._used:
            resolve(self._config.detectors[name].model)
        cameras = self._config.cameras.items()
        return {name: open_streams(name, camera, self._watches[name]) for name, camera in cameras}

    async def _open_lines(self, stack: AsyncExitStack) -> JsonLines | None:
        target = self._config.output.json_lines
        if not target:
            return None
        return await stack.enter_async_context(json_lines(target, lossless=False, observer=self.metrics))

    async def _start_store(self, services: TaskGroup) -> None:
        recovered = await services.start(self._store.run)
        if recovered.ended:
            log.info("ended %d events that were left open", len(recovered.ended))
        self._recovered, self._parked = recovered, recovered.parked
        for parked in self._parked.values():
            self._meter.recall(parked)
        for name, watch in self._watches.items():
            for last in await self._store.troubles(name, limit=1):
                watch.recall(last.state)
        self.status.ready(STORE)

    async def _start_viewing(self, services: TaskGroup, api: FastAPI) -> None:
        config = self._config
        heads = {name: scene_of(camera) for name, camera in config.cameras.items()}
        viewers = Viewers(self._sources, heads, self._results, config.webrtc, self.metrics)
        await services.start(viewers.run)
        add_whep(api, viewers)
        add_fallbacks(api, viewers, Stills(self._results), config.http.origins)
        intakes = {name: source.intake for name, source in self._sources.items()}
        publishers = Publishers(intakes, self._watches, config.webrtc)
        await services.start(publishers.run)
        add_whip(api, publishers)
        add_pages(api, self._sources)
        add_send_page(api, publishers)
        pages = Pages(self._page_parts())
        pages.add_to(api)
        services.start_soon(pages.run)

    def _page_parts(self) -> Parts:
        cameras = self._config.cameras
        return Parts(
            cameras=self._sources,
            readings=self.metrics,
            archive=self._store,
            health=self.status,
            registry=self.metrics.registry,
            models=lambda: [
                driven(name, each.detector.manifest, each.policy) for name, each in self._batchers.items()
            ],
            simulated=lambda name: cameras[name].detected.startswith("sim:"),
            data=self._config.data,
        )

    async def _tell_ends(self, lines: JsonLinesSink) -> None:
        """What the last process could not tell: the ends of events and of stays in zones."""
        for left in self._recovered.left:
            await lines.tell(left, None)
        for each in self._recovered.ended:
            await lines.tell(each.ending(), each.size)

    def _kafka_output(self) -> KafkaOutput | None:
        if self._config.kafka is None:
            return None
        return KafkaOutput(self._config.kafka, self._config.data, self.metrics.registry, self.status)

    async def _start_kafka(self, services: TaskGroup) -> None:
        if self._kafka is None:
            return
        await services.start(self._kafka.run)
        going_on = {each.event.id for parked in self._parked.values() for each in parked}
        ended_at = await self._store.ended_at(await self._kafka.unended())
        await self._kafka.end_unfinished(going_on, ended_at)

    async def _start_detectors(self, services: TaskGroup) -> dict[str, Batcher]:
        batchers = self._batchers
        # Else the first result of all waits for it, and every camera drops what comes meanwhile.
        await to_thread.run_sync(partial(import_module, "supervision"))
        await to_thread.run_sync(prepare_looks)
        for name in self._used:
            config = self._config.detectors[name]
            detector = await to_thread.run_sync(load_detector, name, config, self._place)
            batchers[name] = Batcher(name, detector, config, self.metrics)
            await services.start(batchers[name].run)
            self.status.ready(f"detector {name}")
        self._require_known_labels({name: each.detector.manifest for name, each in batchers.items()})
        return batchers

    def _require_known_labels(self, manifests: Mapping[str, ModelManifest]) -> None:
        """What a model without a sidecar file finds is known only now."""
        every = {label for manifest in manifests.values() for label in manifest.labels}
        for name, camera in self._config.cameras.items():
            manifest = manifests[camera.detector]
            for problem in unknown_labels(camera, manifest.name, manifest.labels):
                # A global filter may be meant for another camera's model.
                if problem.label not in every:
                    wrong = WrongOption(("cameras", name, *map(str, problem.path)), problem.text)
                    raise ConfigError(self._place(wrong.path, wrong.text)) if self._place else wrong

    def _sinks(
        self, lines: JsonLines | None, batchers: Mapping[str, Batcher], services: TaskGroup
    ) -> list[Sink]:
        mains = {
            name: MainSnapshots(source.main, self._store, self.metrics)
            for name, source in self._sources.items()
            if source.main is not None
        }
        for main in mains.values():
            services.start_soon(main.run)
        models = {
            name: batchers[camera.detector].detector.manifest.name
            for name, camera in self._config.cameras.items()
        }
        sinks: list[Sink] = []
        if self._kafka is not None:
            # First: an event is in the spool before anybody else shows it.
            kafka = self._kafka.sink(models)
            services.start_soon(kafka.run)
            sinks.append(kafka)
        sinks += [StoreSink(self._store, self.metrics, mains), self._meter, self._results]
        if lines is not None:
            sinks.append(JsonLinesSink(lines, models))
        return sinks

    def _header(self, batchers: Mapping[str, Batcher]) -> Header:
        models = ", ".join(batcher.detector.manifest.name for batcher in batchers.values())
        policies = ", ".join(dict.fromkeys(str(batcher.policy) for batcher in batchers.values()))
        return Header(models, policies, self.url)

    async def _run_cameras(self, batchers: Mapping[str, Batcher], publisher: Publisher) -> None:
        async with anyio.create_task_group() as watches:
            async with anyio.create_task_group() as cameras:
                self._start_cameras(cameras, batchers, publisher)
                for watch in self._watches.values():
                    watches.start_soon(watch.run, publisher)
            watches.cancel_scope.cancel()

    def _start_cameras(
        self, cameras: TaskGroup, batchers: Mapping[str, Batcher], publisher: Publisher
    ) -> None:
        for name, camera in self._config.cameras.items():
            source, batcher = self._sources[name], batchers[camera.detector]
            detect = wanted(camera.detect, batcher.detector.manifest)
            tracker = Tracker(camera.track.starting_from(detect.min_confidence), camera.stationary)
            judge = Judge(name, camera.model_copy(update={"detect": detect}))
            known = Known(self._parked.get(name, ()), camera.stationary.keep)
            parking = Parking(tracker, judge, self._store, known)
            stages = Stages(batcher, tracker, judge, publisher, self.metrics, parking)
            cameras.start_soon(self._play, source)
            cameras.start_soon(Pipeline(Watched(source, self._watches[name]), detect, stages).run)

    async def _play(self, source: CameraStreams) -> None:
        try:
            await source.run()
        except SourceEnded as error:
            # Its reason is shown as its state, too; the other cameras go on.
            log.warning("%s: %s", source.name, error)
            self._ended.append(error)
