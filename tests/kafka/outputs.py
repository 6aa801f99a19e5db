"""The output as the service runs it, with cameras that have something to say at a steady pace."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import anyio
from prometheus_client import CollectorRegistry

from streamer.config.bus import KafkaConfig
from streamer.event import Event, new_id
from streamer.kafka.format.cloudevents import Envelopes, Topics
from streamer.kafka.message import Message
from streamer.kafka.output import PART, KafkaOutput
from streamer.status import Status

CAMERAS = ("gate", "yard")
EVERY_S = 0.02
PATIENCE_S = 60.0


class Running:
    """An output at work.

    Attributes:
        sent: by topic and camera, the ids of what was given to it, in order.
        slowest_s: the longest that a camera waited for it.
    """

    def __init__(self, config: KafkaConfig, data: Path) -> None:
        self.registry = CollectorRegistry()
        self.status = Status([PART])
        self.output = KafkaOutput(config, data, self.registry, self.status)
        self.sent: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.slowest_s = 0.0
        self._envelopes = Envelopes(Topics(config.prefix))

    def series(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"sightline_kafka_{name}", labels) or 0.0

    async def tell(self, camera: str, number: int) -> Message:
        """One event begins."""
        now = datetime.now(UTC)
        event = Event(new_id(), camera, "start", "person", number, 0.9, (0, 0, 1, 1), now)
        message = self._envelopes.told(event, json.dumps({"number": number}).encode(), now)
        # It is taken at once, also when the wait for the disk is cancelled.
        self.sent[message.topic][camera].append(message.id)
        await self.output._journal.keep([message])
        return message

    def pass_on(self, camera: str, value: bytes = b'{"objects": []}') -> Message:
        """One result."""
        message = self._envelopes.detections(camera, datetime.now(UTC), value)
        self.output._journal.pass_on(message)
        self.sent[message.topic][camera].append(message.id)
        return message

    def film(self, jpeg: bytes) -> None:
        self.output._journal.pass_on(self._envelopes.frame("gate", datetime.now(UTC), jpeg, None))

    async def watch(self, camera: str) -> None:
        """Say something every 20 ms until cancelled, and measure how long that takes."""
        number = 0
        while True:
            began = monotonic()
            if number % 5 == 0:
                await self.tell(camera, number)
            self.pass_on(camera)
            self.slowest_s = max(self.slowest_s, monotonic() - began)
            number += 1
            await anyio.sleep(EVERY_S)

    async def drained(self) -> None:
        """Everything is acknowledged, and forgotten on disk."""
        with anyio.fail_after(PATIENCE_S):
            while self.output._backlog.waiting or self.output._sender.busy or self.output._spool.state.count:
                await anyio.sleep(0.05)


@asynccontextmanager
async def running(config: KafkaConfig, data: Path) -> AsyncIterator[Running]:
    """An output that has had its first answer."""
    one = Running(config, data)
    async with anyio.create_task_group() as tasks:
        await tasks.start(one.output.run)
        await one.output.require_answer()
        yield one
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def watching(one: Running) -> AsyncIterator[None]:
    """Two cameras speak meanwhile."""
    async with anyio.create_task_group() as tasks:
        for camera in CAMERAS:
            tasks.start_soon(one.watch, camera)
        yield
        tasks.cancel_scope.cancel()
