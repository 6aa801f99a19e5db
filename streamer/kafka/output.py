"""Kafka as one of the outputs: owns what waits and what sends, from the start to the last flush."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, to_thread
from anyio.abc import TaskStatus

from streamer.errors import ConfigError, SinkUnavailable
from streamer.kafka.delivery.backlog import Backlog
from streamer.kafka.delivery.journal import Journal
from streamer.kafka.delivery.reach import Reach
from streamer.kafka.delivery.recovery import missing_ends
from streamer.kafka.delivery.sender import Sender
from streamer.kafka.delivery.series import KafkaSeries, SpoolSeries
from streamer.kafka.delivery.spool import Spool
from streamer.kafka.format.cloudevents import Envelopes, Topics
from streamer.kafka.sink import KafkaSink

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from streamer.config.bus import KafkaConfig
    from streamer.kafka.delivery.producer import SizeLimits
    from streamer.kafka.delivery.sender import Connection
    from streamer.status import Status

log = logging.getLogger(__name__)

PART: Final = "kafka spool"
BROKERS: Final = "kafka brokers"
FOLDER: Final = "kafka"
WATCH_S: Final = 1.0
FIRST_ANSWER_S: Final = 3.0


class KafkaOutput:
    """Everything between the pipelines and the brokers."""

    def __init__(self, config: KafkaConfig, data: Path, registry: CollectorRegistry, status: Status) -> None:
        """
        Args:
            config: brokers, topics, what is sent.
            data: folder of everything that is kept.
            registry: of the metrics.
            status: is told while the spool is full, and while the brokers are away.
        """
        self._config = config
        self._status = status
        self._topics = Topics(config.prefix)
        self._series = KafkaSeries(registry)
        self._spool = Spool(data / FOLDER, config.spool)
        self._backlog = Backlog(self._spool)
        self._journal = Journal(self._spool, self._backlog, self._series)
        self._reach = Reach(self._series)
        self._sender = Sender(self._connect, self._backlog, self._spool, self._series, self._reach)
        self._limits: SizeLimits | None = None
        registry.register(SpoolSeries(lambda: self._spool.state, self._in_memory))

    def sink(self, models: Mapping[str, str]) -> KafkaSink:
        """Takes the results; ``models`` are the names of the cameras' models."""
        return KafkaSink(self._config, models, self._journal, self._series)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Send until cancelled, then what waits, for a short while; the rest waits on disk.

        Raises:
            ConfigError: there is no room, or no right to the spool.
        """
        try:
            left = await to_thread.run_sync(self._spool.open)
        except SinkUnavailable as error:
            raise ConfigError(str(error)) from None
        if left:
            log.info("%d records wait for kafka since the last time", left)
            self._backlog.resume()
        self._status.ready(PART)
        self._sender.start()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._journal.run)
                tasks.start_soon(self._watch)
                task_status.started()
        finally:
            with CancelScope(shield=True):
                await self._end()

    async def require_answer(self) -> None:
        """Wait a moment for the brokers; those that do not answer are tried for ever.

        Raises:
            ConfigError: they say no.
        """
        refusal = await to_thread.run_sync(self._reach.first_answer, FIRST_ANSWER_S, abandon_on_cancel=True)
        if refusal is not None:
            raise ConfigError(str(refusal))

    async def end_unfinished(self, going_on: Collection[str], ended_at: Mapping[str, datetime]) -> None:
        """Tell the ends that the last process could not; see ``missing_ends``."""
        unended = await to_thread.run_sync(self._spool.unended)
        await self._journal.keep(missing_ends(unended, going_on, ended_at, Envelopes(self._topics)))

    async def unended(self) -> tuple[str, ...]:
        """Ids of the events whose ends the last process could not tell."""
        return tuple(each.event for each in await to_thread.run_sync(self._spool.unended))

    async def ended(self) -> dict[str, datetime]:
        """When the events ended whose ends the last process told last, by id; UTC."""
        return await to_thread.run_sync(self._spool.ended)

    def _connect(self) -> Connection:
        # kafka-python takes a while to import; the detectors load meanwhile.
        from streamer.kafka.delivery.producer import Producer, SizeLimits

        if self._limits is None:
            self._limits = SizeLimits()
        return Producer(self._config, Topics.used(self._config), self._limits)

    def _in_memory(self) -> int:
        return len(self._backlog) + self._sender.count

    async def _watch(self) -> None:
        """Raise the alarm while the spool is full; say that brokers are away, which stops nothing else."""
        while True:
            state = await to_thread.run_sync(lambda: self._spool.state)
            if state.full:
                self._status.not_ready(PART, f"full: {self._config.spool.bytes} bytes wait for kafka")
            else:
                self._status.ready(PART)
            problem = self._reach.problem
            self._status.degraded(BROKERS, None if problem is None else str(problem))
            self._reach.remind(state)
            await anyio.sleep(WATCH_S)

    async def _end(self) -> None:
        left = await to_thread.run_sync(self._sender.close)
        try:
            await self._journal.store(left)
        except SinkUnavailable as error:
            log.error("%s; %d records are lost", error, len(left))  # noqa: TRY400
        state = self._spool.state
        if state.count:
            log.info("%d records wait on disk for the next start", state.count)
        await to_thread.run_sync(self._spool.close)
