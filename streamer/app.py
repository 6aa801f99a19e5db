"""Builds the parts of a running service, owns them, and ends them in order."""

from __future__ import annotations

import logging
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio

from detectors.store import models_in, resolve
from streamer.errors import ConfigError
from streamer.fleet.camera import Shared
from streamer.fleet.classifiers import ClassifierQueues
from streamer.fleet.detectors import Detectors, part_of
from streamer.fleet.fleet import Fleet, Models
from streamer.fleet.serving import Serving
from streamer.interface import Behind, start_interface
from streamer.interrupt import interruptible
from streamer.kafka.output import PART as KAFKA_SPOOL
from streamer.kafka.output import KafkaOutput
from streamer.metrics.metrics import Metrics
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
from streamer.webrtc.results import LiveResults

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

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
        self._models = models_in(config.data)
        self._serving = Serving(self._models, self.status)
        self._classifiers = ClassifierQueues(self._models, place, self.metrics, self._serving)
        self._detectors = Detectors(
            config.detectors, place, self.metrics, self.status, self._models, self._serving
        )
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
            recovered = await self._start_kafka(services, await self._start_store(services))
            await self._recall(fleet, recovered)
            self.url = await start_interface(services, self._behind(fleet))
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
                services.start_soon(self._serving.run)
                await fleet.run(Models(self._detectors, self._classifiers), Publisher(sinks), services)

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

    async def _start_store(self, services: TaskGroup) -> Recovered:
        recovered: Recovered = await services.start(self._store.run)
        if recovered.ended:
            log.info("ended %d events that were left open", len(recovered.ended))
        self.status.ready(STORE)
        return recovered

    async def _recall(self, fleet: Fleet, recovered: Recovered) -> None:
        for parked in recovered.parked.values():
            self._meter.recall(parked)
        await fleet.recall(recovered.parked)

    async def _tell_ends(self, lines: JsonLinesSink, recovered: Recovered) -> None:
        """What the last process could not tell: the ends of events and of stays in zones."""
        for left in recovered.left:
            await lines.tell(left, None)
        for each in recovered.ended:
            await lines.tell(each.ending(), each.size)

    def _behind(self, fleet: Fleet) -> Behind:
        return Behind(
            settings=self._settings,
            fleet=fleet,
            store=self._store,
            metrics=self.metrics,
            status=self.status,
            results=self._results,
            live=self._live,
            detectors=self._detectors,
            classifiers=self._classifiers,
        )

    def _kafka_output(self) -> KafkaOutput | None:
        if self._config.kafka is None:
            return None
        return KafkaOutput(self._config.kafka, self._config.data, self.metrics.registry, self.status)

    async def _start_kafka(self, services: TaskGroup, recovered: Recovered) -> Recovered:
        """What goes on and what has ended, as the brokers were, or are, told."""
        if self._kafka is None:
            return recovered
        await services.start(self._kafka.run)
        recovered = await self._store.agree(recovered, await self._kafka.ended())
        going_on = {each.event.id for parked in recovered.parked.values() for each in parked}
        ended_at = await self._store.ended_at(await self._kafka.unended())
        await self._kafka.end_unfinished(going_on, ended_at)
        return recovered

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
