"""What Kafka costs: our way to the broker beside a bare kafka-python loop with the same bytes, in turns.

python tests/benchmarks/kafka_records.py [--rounds 3] [--records 6000] [--seconds 6]

Throughput: records a second as fast as they go. At a rate: 16 cameras with 30 records a second each, CPU
seconds per second and the time to the acknowledgement.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import anyio
from beside_a_broker import arguments, broker_and_folder
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry
from results import BUS, PERSON, frame, tracks

from streamer.config.bus import KafkaConfig
from streamer.kafka.format.cloudevents import Envelopes, Topics
from streamer.kafka.message import Message
from streamer.kafka.output import KafkaOutput
from streamer.messages.detections import DetectionRecord
from streamer.status import Status

CAMERAS = [f"camera-{number}" for number in range(1, 17)]
RATE = 30
OBJECTS = 10
LEAD_IN_S = 1.0


@dataclass
class Figures:
    """Of each round."""

    records_per_s: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)


def messages(count: int) -> list[Message]:
    """Results of ten objects, camera by camera."""
    envelopes = Envelopes(Topics("sightline"))
    found = tracks(*[PERSON, BUS] * (OBJECTS // 2))
    now = datetime.now(UTC)
    made = []
    for number in range(count):
        camera = CAMERAS[number % len(CAMERAS)]
        record = DetectionRecord.of(frame(number, camera), found, "sightline-nano")
        made.append(envelopes.detections(camera, now, record.encoded()))
    return made


class Bare:
    """What one writes by hand."""

    def __init__(self, address: str) -> None:
        self._producer = KafkaProducer(bootstrap_servers=address)
        self.latencies_s: list[float] = []

    def send(self, message: Message) -> None:
        began = time.perf_counter()
        self._producer.send(
            message.topic, message.value, key=message.key, headers=list(message.headers)
        ).add_callback(lambda _: self.latencies_s.append(time.perf_counter() - began))

    def burst(self, made: list[Message]) -> None:
        for each in made:
            self.send(each)
        self._producer.flush()

    def close(self) -> None:
        self._producer.close()


class Ours:
    """The whole way: from the event loop through the backlog and the sender."""

    def __init__(self, address: str, data: Path) -> None:
        self.output = KafkaOutput(KafkaConfig(brokers=(address,)), data, CollectorRegistry(), Status([]))
        self.latencies_s: list[float] = []
        self._delivered = 0
        counted = self.output._series.delivered

        def delivered(topic: str, seconds: float) -> None:
            counted(topic, seconds)
            self._delivered += 1
            self.latencies_s.append(seconds)

        self.output._series.delivered = delivered  # type: ignore[method-assign]

    def send(self, message: Message) -> None:
        self.output._journal.pass_on(fresh(message))

    async def burst(self, made: list[Message]) -> None:
        until = self._delivered + len(made)
        for each in made:
            # Past what fits in memory it would go to disk: a camera waits for nothing, but this loop may.
            while not self.output._backlog.offer(fresh(each)):
                await anyio.sleep(0.001)
        while self._delivered < until:
            await anyio.sleep(0.001)


def fresh(message: Message) -> Message:
    """Made now."""
    return Message(
        message.id, message.kind, message.topic, message.key, message.value, message.headers, time.monotonic()
    )


async def pace(send: Callable[[Message], None], made: list[Message], seconds: float) -> float:
    """CPU seconds per second while every camera has its records in time."""
    per_s = RATE * len(CAMERAS)
    began, cpu_s, number = time.monotonic(), time.process_time(), 0
    while number < per_s * seconds:
        await anyio.sleep(max(0.0, began + number / per_s - time.monotonic()))
        send(made[number % len(made)])
        number += 1
    return (time.process_time() - cpu_s) / (time.monotonic() - began)


def p95_ms(latencies_s: list[float]) -> float:
    ordered = sorted(latencies_s)
    return 1000 * ordered[int(0.95 * len(ordered))]


async def at_rate(one: "Bare | Ours", made: list[Message], seconds: float, figures: Figures) -> None:
    await pace(one.send, made, LEAD_IN_S)
    one.latencies_s.clear()
    figures.cores.append(await pace(one.send, made, seconds))
    await anyio.sleep(0.5)
    figures.p95_ms.append(p95_ms(one.latencies_s))


async def measure(options: argparse.Namespace, address: str, data: Path) -> tuple[Figures, Figures]:
    made = messages(options.records)
    bare, ours = Bare(address), Ours(address, data)
    of_bare, of_ours = Figures(), Figures()
    async with anyio.create_task_group() as tasks:
        await tasks.start(ours.output.run)
        await ours.output.require_answer()
        bare.burst(made[:1000])
        await ours.burst(made[:1000])
        for _ in range(options.rounds):
            began = time.perf_counter()
            bare.burst(made)
            of_bare.records_per_s.append(len(made) / (time.perf_counter() - began))
            began = time.perf_counter()
            await ours.burst(made)
            of_ours.records_per_s.append(len(made) / (time.perf_counter() - began))
            await at_rate(bare, made, options.seconds, of_bare)
            await at_rate(ours, made, options.seconds, of_ours)
        tasks.cancel_scope.cancel()
    bare.close()
    return of_bare, of_ours


def report(bare: Figures, ours: Figures) -> None:
    rows = (
        ("records/s", bare.records_per_s, ours.records_per_s),
        ("cores at 480 records/s", bare.cores, ours.cores),
        ("p95 to the acknowledgement, ms", bare.p95_ms, ours.p95_ms),
    )
    for name, by_hand, measured in rows:
        ratios = [b / a for a, b in zip(by_hand, measured, strict=True)]
        print(
            f"{name:32} bare {median(by_hand):8.2f}  ours {median(measured):8.2f}  "
            f"ratio {median(ratios):.2f}  of {', '.join(f'{each:.2f}' for each in ratios)}"
        )


def main() -> None:
    options = arguments(__doc__, records=6000, seconds=6.0)
    with broker_and_folder() as (broker, data):
        report(*anyio.run(measure, options, broker.address, data))


if __name__ == "__main__":
    main()
