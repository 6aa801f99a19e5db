"""Builds the parts of a running service, owns them, and ends them in order."""

from __future__ import annotations

import logging
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio

from detectors.store import ModelStore, models_in, resolve
from streamer.api.app import create_app
from streamer.api.desk import add_desk
from streamer.api.entrance import start_access, start_tls
from streamer.api.event import add_event
from streamer.api.fallbacks import add_fallbacks
from streamer.api.front import behind_front
from streamer.api.modelstore import add_model_store
from streamer.api.pages import add_pages, add_send_page
from streamer.api.samples import add_samples
from streamer.api.server import serve
from streamer.api.settings import add_settings
from streamer.api.silence import Silence
from streamer.api.stream import add_stream
from streamer.api.trainings import add_trainings
from streamer.api.trying import add_trying
from streamer.api.whep import add_whep
from streamer.api.whip import add_whip
from streamer.errors import ConfigError
from streamer.fleet.camera import Shared
from streamer.fleet.desk import Desk
from streamer.fleet.detectors import Detectors, part_of
from streamer.fleet.fleet import Fleet
from streamer.interrupt import interruptible
from streamer.kafka.output import PART as KAFKA_SPOOL
from streamer.kafka.output import KafkaOutput
from streamer.metrics.metrics import Metrics
from streamer.pages.changing import Changes
from streamer.pages.models import driven
from streamer.pages.office import TrainingOffice
from streamer.pages.opening import Pages
from streamer.pages.parts import Parts
from streamer.publish.heartbeat import heartbeat
from streamer.publish.jsonl import JsonLines, JsonLinesSink, json_lines
from streamer.publish.live import LiveRecords
from streamer.publish.meter import Meter
from streamer.publish.publisher import Publisher
from streamer.publish.store import StoreSink
from streamer.publish.table import Header, LiveTable
from streamer.status import Status
from streamer.storage.series import StoreSeries
from streamer.storage.store import EventStore
from streamer.training.shelf import Shelf
from streamer.training.trainings import Trainings
from streamer.training.trying import Trying
from streamer.webrtc.results import LiveResults
from streamer.webrtc.stills import Stills
from streamer.webrtc.viewers import Viewers
from streamer.webrtc.whip import Publishers

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from fastapi import FastAPI

    from streamer.access.doorkeeper import Doorkeeper
    from streamer.config.settings import Settings
    from streamer.loading import Place
    from streamer.publish.sink import Sink
    from streamer.storage.records import Recovered

log = logging.getLogger(__name__)

STORE = "store"


class App:
    """One process of the service: cameras, detectors, store, outputs and the HTTP interface."""

    def __init__(self, settings: Settings, *, table: bool = False, place: Place | None = None) -> None:
        """
        Args:
            settings: everything that can be said of it, and changed while it runs.
            table: show the live table on the terminal.
            place: where its options stand; None when no file says them.
        """
        self._settings = settings
        self._config = config = settings.config
        self._table = table
        self._used = sorted({camera.detector for camera in config.cameras.values() if camera.enabled})
        kafka = [KAFKA_SPOOL] if config.kafka else []
        self.status = Status([STORE, *kafka, *map(part_of, self._used)])
        self.metrics = Metrics(self.status, config.cameras)
        self._store = EventStore(config.data, config.storage, cameras=list(config.cameras))
        self.metrics.registry.register(StoreSeries(self._store))
        self._kafka = self._kafka_output()
        self._meter = Meter(self.metrics)
        self._results = LiveResults()
        self._live = LiveRecords()
        self._trainings = Trainings(config.data)
        self._shelf = Shelf(ModelStore(models_in(config.data)))
        self._models = models_in(config.data)
        self._detectors = Detectors(config.detectors, place, self.metrics, self.status, self._models)
        self.url = ""

    async def run(self) -> None:
        """Serve until a signal comes, or every source has ended.

        Raises:
            StreamerError: a part cannot start, or every source ended with an error.
            DetectorError: a model cannot be used.
        """
        self._claim_data_folder()
        for name in self._used:
            # A wrong model is told before anything runs.
            resolve(self._config.detectors[name].model, self._models)
        fleet = Fleet(self._config, Shared(self.metrics, self._store))
        async with AsyncExitStack() as stack:
            uninterrupted = await stack.enter_async_context(interruptible())
            lines = await self._open_lines(stack)
            services = await stack.enter_async_context(anyio.create_task_group())
            # Left in reverse: the sources end, the services are told to, what they hold is written.
            stack.callback(services.cancel_scope.cancel)
            recovered = await self._start_store(services, fleet)
            await self._start_kafka(services, recovered)
            http = self._config.http
            api = create_app(self.metrics, self.status, self._store)
            # First: what is mounted at the root takes all paths that come after it.
            doorkeeper = await start_access(services, api, self._config)
            tls = await start_tls(services, api, self._config)
            await self._start_viewing(services, api, fleet, doorkeeper)
            front, context = behind_front(api, doorkeeper, http), tls and tls.context
            self.url = await services.start(serve, front, http.host, http.port, context)
            if tls is not None:
                tls.welcome(self.url)
            await self._start_detectors(services)
            if self._kafka is not None:
                await self._kafka.require_answer()
            log.info("listening on %s", self.url)
            if lines is not None:
                await self._tell_ends(JsonLinesSink(lines, {}), recovered)
            sinks = self._sinks(lines, fleet, services)
            if self._table:
                live = LiveTable(self._header(), self.metrics)
                await services.start(live.run)
                sinks.append(live)
            else:
                services.start_soon(heartbeat, self.metrics)
            with uninterrupted:
                await fleet.run(self._detectors, Publisher(sinks), services)

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

    async def _open_lines(self, stack: AsyncExitStack) -> JsonLines | None:
        target = self._config.output.json_lines
        if not target:
            return None
        return await stack.enter_async_context(json_lines(target, lossless=False, observer=self.metrics))

    async def _start_store(self, services: TaskGroup, fleet: Fleet) -> Recovered:
        recovered: Recovered = await services.start(self._store.run)
        if recovered.ended:
            log.info("ended %d events that were left open", len(recovered.ended))
        for parked in recovered.parked.values():
            self._meter.recall(parked)
        await fleet.recall(recovered.parked)
        self.status.ready(STORE)
        return recovered

    async def _start_viewing(
        self, services: TaskGroup, api: FastAPI, fleet: Fleet, doorkeeper: Doorkeeper
    ) -> None:
        config = self._config
        viewers = Viewers(fleet.streams, fleet.scenes, self._results, config.webrtc, self.metrics)
        await services.start(viewers.run)
        fleet.audience = viewers
        add_whep(api, viewers)
        add_fallbacks(api, viewers, Stills(self._results), Silence(self.metrics))
        publishers = Publishers(fleet.streams, self.metrics, config.webrtc)
        await services.start(publishers.run)
        add_whip(api, publishers)
        add_pages(api, fleet.streams)
        add_send_page(api, publishers)
        add_stream(api, self._live, self.metrics, self._store)
        await services.start(self._live.run)
        add_event(api, self._store, config.data)
        add_samples(api, self._store.samples, config.data)
        add_trainings(api, self._trainings)
        services.start_soon(self._trainings.run)
        add_model_store(api, self._shelf)
        add_trying(api, Trying(self._models))
        desk = Desk(self._settings, fleet)
        add_desk(api, desk, self.metrics)
        add_settings(api, desk)
        pages = Pages(self._page_parts(fleet, Changes(desk, self._store), doorkeeper))
        pages.add_to(api)
        services.start_soon(pages.run)

    def _page_parts(self, fleet: Fleet, changes: Changes, doorkeeper: Doorkeeper) -> Parts:
        return Parts(
            cameras=fleet.cameras,
            readings=self.metrics,
            archive=self._store,
            health=self.status,
            registry=self.metrics.registry,
            models=lambda: [
                driven(name, each.detector.manifest, each.policy)
                for name, each in self._detectors.batchers.items()
            ],
            simulated=lambda name: fleet.cameras[name].config.detected.startswith("sim:"),
            title=lambda name: fleet.titles.get(name, name),
            people=doorkeeper,
            data=self._config.data,
            desk=changes,
            probe=changes,
            settings=changes,
            marks=changes,
            training=TrainingOffice(self._trainings, self._store.samples),
            shelf=self._shelf,
        )

    async def _tell_ends(self, lines: JsonLinesSink, recovered: Recovered) -> None:
        """What the last process could not tell: the ends of events and of stays in zones."""
        for left in recovered.left:
            await lines.tell(left, None)
        for each in recovered.ended:
            await lines.tell(each.ending(), each.size)

    def _kafka_output(self) -> KafkaOutput | None:
        if self._config.kafka is None:
            return None
        return KafkaOutput(self._config.kafka, self._config.data, self.metrics.registry, self.status)

    async def _start_kafka(self, services: TaskGroup, recovered: Recovered) -> None:
        if self._kafka is None:
            return
        await services.start(self._kafka.run)
        going_on = {each.event.id for parked in recovered.parked.values() for each in parked}
        ended_at = await self._store.ended_at(await self._kafka.unended())
        await self._kafka.end_unfinished(going_on, ended_at)

    async def _start_detectors(self, services: TaskGroup) -> None:
        await self._detectors.prepare()
        for name in self._used:
            await self._detectors.start(name, services)
        cameras = self._config.cameras
        self._detectors.require_labels(cameras, [name for name in cameras if cameras[name].enabled])

    def _sinks(self, lines: JsonLines | None, fleet: Fleet, services: TaskGroup) -> list[Sink]:
        sinks: list[Sink] = []
        if self._kafka is not None:
            # First: an event is in the spool before anybody else shows it.
            kafka = self._kafka.sink(fleet.models)
            services.start_soon(kafka.run)
            sinks.append(kafka)
        sinks += [
            StoreSink(self._store, self.metrics, fleet.snapshots),
            self._meter,
            self._results,
            self._live,
        ]
        if lines is not None:
            sinks.append(JsonLinesSink(lines, fleet.models))
        return sinks

    def _header(self) -> Header:
        batchers = self._detectors.batchers.values()
        models = ", ".join(batcher.detector.manifest.name for batcher in batchers)
        policies = ", ".join(dict.fromkeys(str(batcher.policy) for batcher in batchers))
        return Header(models, policies, self.url)
